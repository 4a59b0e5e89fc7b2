/**
 * The chats that this daemon holds: claims what waits, renews what it holds, and lets
 * go of what it lost. Its own right to act is measured by a monotonic clock from
 * *before* each renewal was asked for, and ends earlier than the lease itself.
 * Next: `session-runner.ts`.
 */
import { LEASE_TTL_MS, type Lease, type ServerHint } from '#core/links/daemon.ts'
import type { ChatId } from '#core/ids.ts'
import { log } from '#agent/log.ts'
import { openOutbox } from '#agent/outbox.ts'
import { repeatable } from '#agent/repeat.ts'
import { runSession, type RunnerOptions, type SessionRunner } from '#agent/session-runner.ts'
import type { Uplink } from '#agent/uplink.ts'

type Held = { runner: SessionRunner; fencing: NodeJS.Timeout }

export type LeasesOptions = Omit<RunnerOptions, 'lease' | 'outbox' | 'call'> & {
  uplink: Pick<Uplink, 'call' | 'tryCall'>
  outboxRoot: string
  capacity: number
  /** Nothing is claimed before a run could start. */
  isReady: () => boolean
  onChange: () => void
}

export type Leases = {
  onHint: (hint: ServerHint) => void
  claim: () => void
  /** After each greeting: the server may have moved on meanwhile. */
  refresh: (leaseTtlMs: number) => void
  held: () => { chatId: ChatId; epoch: number }[]
  agents: () => { count: number; residentBytes: number }
  /** Resolves when every turn that runs has ended by itself; nothing else is begun. */
  retire: () => Promise<void>
  /** Resolves when every agent has ended and everything is delivered. */
  drain: () => Promise<void>
  /** Ends every agent without a word to the server. */
  abandon: () => Promise<void>
}

export function holdLeases(options: LeasesOptions): Leases {
  const { uplink, outboxRoot, capacity, isReady, onChange, surroundings } = options
  const sessions = new Map<ChatId, Held>()
  let ttlMs = LEASE_TTL_MS
  let isDraining = false

  const now = (): number => performance.now()
  const validity = (askedAtMs: number): number => askedAtMs + ttlMs * 0.8

  /** Asks also without a free place: the answer says whether somebody needs one. Without a sandbox there is none. */
  const claim = repeatable(
    async () => {
      if (isDraining || !isReady()) return
      const askedAtMs = now()
      const room = surroundings.sandbox() ? capacity - sessions.size : 0
      const reply = await uplink.tryCall('claim', { max: Math.max(0, room) })
      for (const lease of reply?.leases ?? []) begin(lease, validity(askedAtMs))
      if (reply?.isDraining) for (const { runner } of sessions.values()) runner.retire()
      else if (reply) makeRoom(reply.waiting)
    },
    (error) => log.error({ err: error }, 'A lease could not be begun'),
  )

  /** As many warm agents without work as chats wait give their places, those that rested longest first. */
  function makeRoom(waiting: number): void {
    const held = [...sessions.values()].map(({ runner }) => ({ runner, rest: runner.rest() }))
    const leaving = held.filter(({ rest }) => rest.is === 'leaving').length
    const idle = held.flatMap(({ runner, rest }) => (rest.is === 'idle' ? [{ runner, sinceMs: rest.sinceMs }] : []))
    idle.sort((a, b) => a.sinceMs - b.sinceMs)
    for (const { runner } of idle.slice(0, Math.max(0, waiting - leaving))) runner.yieldIfIdle()
  }

  function begin(lease: Lease, validUntilMs: number): void {
    const { chatId, epoch } = lease
    const former = sessions.get(chatId)
    if (former) {
      if (former.runner.epoch === epoch) return former.runner.command(lease.commands)
      // The chat came back to us in a new epoch: the old one ends first, since both would write one outbox.
      former.runner.fence()
      void former.runner.over.then(() => begin(lease, validUntilMs))
      return
    }
    log.info({ chatId, epoch }, 'Holding a chat')
    const runner = runSession({ ...options, call: uplink.call, lease, outbox: openOutbox(outboxRoot, chatId) })
    const held: Held = { runner, fencing: fenceAt(runner, validUntilMs) }
    sessions.set(chatId, held)
    onChange()
    void runner.over.then(() => {
      clearTimeout(held.fencing)
      if (sessions.get(chatId) === held) sessions.delete(chatId)
      log.info({ chatId, epoch }, 'Let go of a chat')
      onChange()
      claim()
    })
  }

  const renew = repeatable(
    async () => {
      if (sessions.size === 0) return
      const asked = [...sessions.values()]
      const askedAtMs = now()
      const reply = await uplink.tryCall('renew', { leases: asked.map(({ runner }) => ({ chatId: runner.chatId, epoch: runner.epoch })) })
      if (!reply) return
      for (const held of asked) {
        const kept = reply.kept.find((each) => each.chatId === held.runner.chatId && each.epoch === held.runner.epoch)
        if (!kept) {
          if (sessions.get(held.runner.chatId) === held) held.runner.fence()
          continue
        }
        clearTimeout(held.fencing)
        held.fencing = fenceAt(held.runner, validity(askedAtMs))
        held.runner.command(kept.commands)
      }
    },
    (error) => log.error({ err: error }, 'Leases could not be renewed'),
  )

  /** Without a word from the server, we stop acting before somebody else may begin. */
  function fenceAt(runner: SessionRunner, atMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      log.warn({ chatId: runner.chatId, epoch: runner.epoch }, 'A lease ran out without a renewal')
      runner.fence()
    }, atMs - now())
  }

  async function leave(part: (runner: SessionRunner) => void): Promise<void> {
    isDraining = true
    const runners = [...sessions.values()].map(({ runner }) => runner)
    for (const runner of runners) part(runner)
    await Promise.all(runners.map((runner) => runner.over))
  }

  let timer = setInterval(tick, ttlMs / 4)
  function tick(): void {
    renew()
    claim()
  }

  return {
    claim,
    onHint(hint) {
      if (hint.hint === 'work') claim()
      else if (hint.hint === 'commands' && sessions.has(hint.chatId)) renew()
      else if (hint.hint === 'yield') sessions.get(hint.chatId)?.runner.yieldIfIdle()
      else if (hint.hint === 'lease-lost') {
        const held = sessions.get(hint.chatId)
        if (held?.runner.epoch === hint.epoch) held.runner.fence()
      }
    },
    refresh(leaseTtlMs) {
      if (leaseTtlMs !== ttlMs) {
        ttlMs = leaseTtlMs
        clearInterval(timer)
        timer = setInterval(tick, ttlMs / 4)
      }
      renew()
      claim()
    },
    held: () => [...sessions.values()].map(({ runner }) => ({ chatId: runner.chatId, epoch: runner.epoch })),
    agents() {
      const live = [...sessions.values()].filter(({ runner }) => runner.hasAgent())
      return { count: live.length, residentBytes: live.reduce((sum, { runner }) => sum + runner.residentBytes(), 0) }
    },
    retire: () => leave((runner) => runner.retire()),
    async drain() {
      await leave((runner) => runner.drain())
      clearInterval(timer)
    },
    async abandon() {
      isDraining = true
      clearInterval(timer)
      await Promise.all([...sessions.values()].map(({ runner }) => runner.kill()))
    },
  }
}
