/**
 * Carries out what `session-machine.ts` orders, for one leased chat: starts the agent,
 * hands prompts over, writes what happens into the outbox. One at a time: every input
 * goes through `feed`, so the machine never sees two at once.
 * From: `leases.ts`. Facts leave through `outbox.ts` and `delivery.ts`.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { PromptContent } from '#core/chat/events.ts'
import type { ChatId, NodeId, TurnId } from '#core/ids.ts'
import type { Command, Lease } from '#core/links/daemon.ts'
import { wentAway, type AgentProcess, type Surroundings } from '#agent/agent-process.ts'
import { agentSeat, StartAborted } from '#agent/agent-seat.ts'
import { deliver } from '#agent/delivery.ts'
import type { LeftLogins } from '#agent/left-logins.ts'
import { log } from '#agent/log.ts'
import { meterLogin, type LoginMeter } from '#agent/login-meter.ts'
import { OUTBOX_ROOM_BYTES, type Outbox } from '#agent/outbox.ts'
import { after, sessionLog } from '#agent/session-log.ts'
import { chooseModel } from '#agent/session-options.ts'
import { step } from '#agent/session-machine.ts'
import { newSession, RESTART_LIMIT, type Ending, type Input, type Order } from '#agent/session-stage.ts'
import { turnChanges } from '#agent/turn-changes.ts'
import { endingOf, failed, failureOf } from '#agent/turn-ending.ts'
import type { Call } from '#agent/uplink.ts'

export type RunnerOptions = {
  lease: Lease
  outbox: Outbox
  call: Call
  nodeId: NodeId
  surroundings: Surroundings
  leftLogins: LeftLogins
  idleStopMs: number
  cancelGraceMs: number
  /** How long the first restart in a row waits, the second, and all after it. */
  restartDelaysMs?: readonly number[]
}

/** Whether its place could be somebody else's: an idle agent's, if it is asked; that of one who leaves, soon. */
export type Rest = { is: 'busy' } | { is: 'idle'; sinceMs: number } | { is: 'leaving' }

export type SessionRunner = {
  readonly chatId: ChatId
  readonly epoch: number
  /** All commands that wait for this chat now. */
  command: (commands: readonly Command[]) => void
  /** The lease is lost: ends the agent at once. What it said until then still goes out, under the epoch that was. */
  fence: () => void
  /** Ends in good order: the running turn is interrupted, everything is delivered, the lease given back. */
  drain: () => void
  /** Ends after the turn that runs, if one does; what waits stays in the queue. */
  retire: () => void
  /** Gives up a warm agent that has nothing to do, when somebody else needs its place. */
  yieldIfIdle: () => void
  rest: () => Rest
  /** Ends the agent at once; what was put stays in the outbox. */
  kill: () => Promise<void>
  hasAgent: () => boolean
  residentBytes: () => number
  /** Resolves when nothing of it is left. */
  over: Promise<void>
}

/** How long the end of a turn waits for its list of changes. */
const CHANGES_FIRST_MS = 1_500
const RESTART_DELAYS_MS = [500, 2_000, 6_000]

const askToStop = async (agent: AgentProcess | null): Promise<void> =>
  agent?.connection.cancel(agent.session.agentSessionId).catch(() => {})

export function runSession({
  lease,
  outbox,
  call,
  nodeId,
  surroundings,
  leftLogins,
  idleStopMs,
  cancelGraceMs,
  restartDelaysMs = RESTART_DELAYS_MS,
}: RunnerOptions): SessionRunner {
  const { chatId, epoch } = lease
  const over = Promise.withResolvers<void>()
  let session = newSession
  /** Nothing can be written any more. What a fenced agent still says can: it belongs to its own epoch, in the log or beside it. */
  let isMute = false
  let accepted: { prompt: PromptContent; model: string | null; mustStartAnew: boolean } | null = null
  /** Of the turn that the agent has now. */
  let meter: LoginMeter | null = null
  let callOffTimer: (() => void) | null = null
  let idleSinceMs = 0

  outbox.begin(epoch)
  const delivery = deliver(outbox, call, {
    onAccepted: ({ turnId: of, prompt, model, mustStartAnew = false }) => {
      if (prompt) accepted = { prompt, model, mustStartAnew }
      feed({ type: 'accepted', turnId: of, isWithdrawn: prompt === null })
    },
    onFenced: (of) => {
      if (of === epoch) feed({ type: 'fenced' })
    },
  })

  const facts = sessionLog({
    workdir: () => seat.current()?.plan.cwd ?? '/',
    write(fact) {
      if (isMute) return
      outbox.put(fact)
      delivery.kick()
      // The agent is stopped, since only our memory knows what it says; until it has ended, that is delivered.
      if (!outbox.isKept()) feed({ type: 'fenced' })
    },
  })
  const { put } = facts
  const changes = turnChanges(put)
  const seat = agentSeat({
    chatId,
    epoch,
    call,
    nodeId,
    surroundings,
    leftLogins,
    facts,
    room: () => delivery.room(OUTBOX_ROOM_BYTES),
    onLost: (detail) => feed({ type: 'exited', detail }),
  })

  // --- inputs --------------------------------------------------------------------------------------------

  const inputs: Input[] = []
  let isFeeding = false
  function feed(input: Input): void {
    inputs.push(input)
    if (isFeeding) return
    isFeeding = true
    for (let each = inputs.shift(); each; each = inputs.shift()) {
      const { session: now, orders } = step(session, each)
      session = now
      if (orders.length > 0) log.debug({ chatId, input: each.type, stage: now.stage.is, orders: orders.map((order) => order.do) }, 'step')
      for (const order of orders) carryOut(order)
    }
    isFeeding = false
  }

  function carryOut(order: Order): void {
    callOffTimer?.()
    callOffTimer = null
    switch (order.do) {
      case 'start':
        return void start()
      case 'abort-start':
        return void seat.abort()
      case 'arm-restart':
        return armRestart(order.nth)
      case 'accept':
        return put({ type: 'turn.accepted', turnId: order.turnId })
      case 'prompt':
        return void prompt(order.turnId)
      case 'cancel-agent':
        facts.closeQuestions('cancelled')
        // It may be on its way into another process.
        void seat.abort()
        void askToStop(seat.current())
        callOffTimer = after(() => feed({ type: 'grace-over', turnId: order.turnId }), cancelGraceMs)
        return
      case 'kill-agent':
        return void seat.empty('stopped')
      case 'finish':
        return void finish(order.turnId, order.ending)
      case 'stop-agent':
        return void seat.empty(order.reason).then(() => feed({ type: 'stopped' }))
      case 'arm-idle':
        idleSinceMs = performance.now()
        callOffTimer = after(() => feed({ type: 'idle-over' }), idleStopMs)
        return
      case 'release':
        return void release()
      case 'abandon':
        return void abandon()
    }
  }

  // --- orders --------------------------------------------------------------------------------------------

  async function start(): Promise<void> {
    try {
      await seat.fill()
      feed({ type: 'started' })
    } catch (error) {
      feed(error instanceof StartAborted ? { type: 'start-aborted' } : { type: 'start-failed', failure: failureOf(error) })
    }
  }

  function armRestart(nth: number): void {
    const delayMs = restartDelaysMs[Math.min(nth, restartDelaysMs.length) - 1] ?? 0
    const when = delayMs < 1_000 ? 'at once' : `in ${Math.round(delayMs / 1_000)} seconds`
    put({
      type: 'run.progressed',
      stage: 'resuming',
      note: `It stopped, and is started again ${when} (${nth} of ${RESTART_LIMIT})`,
      fraction: null,
    })
    callOffTimer = after(() => feed({ type: 'restart-due' }), delayMs)
  }

  async function prompt(of: TurnId): Promise<void> {
    const given = accepted
    const agent = given && (await agentFor(of, given))
    if (!given || !agent || !isStill(of)) return
    // What we promised stands on the disk before the agent can act on it.
    outbox.sync()
    feed({ type: 'handed-over', turnId: of })
    facts.beginTurn(of)
    meter = meterLogin(agent, performance.now())
    try {
      const { stopReason, usage } = await agent.connection.prompt(agent.session.agentSessionId, given.prompt)
      meter?.answered(usage)
      feed({ type: 'answered', turnId: of, ending: endingOf(stopReason) })
    } catch (error) {
      // Of its end the exit tells the machine.
      if (!(await wentAway(error, agent))) feed({ type: 'answered', turnId: of, ending: failed(failureOf(error)) })
    }
  }

  /** Who takes this prompt: the agent that lives, once it has the model, or another in its place. Null when there is none. */
  async function agentFor(of: TurnId, { mustStartAnew, model }: NonNullable<typeof accepted>): Promise<AgentProcess | null> {
    const live = seat.current()
    try {
      const suits = live && !mustStartAnew && (!model || (await chooseModel(live, model, facts.offer)))
      // Meanwhile it may have died or been stopped: who comes then, if anybody, is for the machine to say.
      if (!isStill(of) || seat.current() !== live) return null
      if (!suits) await seat.replace()
      return seat.current()
    } catch (error) {
      feed(error instanceof StartAborted ? { type: 'start-aborted' } : { type: 'start-failed', failure: failureOf(error) })
      return null
    }
  }

  /** Cancelled or fenced while the model was being chosen. */
  function isStill(of: TurnId): boolean {
    const { stage } = session
    if (stage.is === 'prompting' && stage.turnId === of) return true
    if (stage.is === 'cancelling') feed({ type: 'answered', turnId: of, ending: { outcome: 'cancelled', stopReason: 'cancelled' } })
    return false
  }

  async function finish(of: TurnId, ending: Ending): Promise<void> {
    const hadBegun = facts.closeTurn(of, ending.outcome)
    const usage = meter?.read(performance.now())
    meter = null
    // A slow reading holds up no prompt.
    const latest = seat.latest()
    if (latest && hadBegun) changes.read(of, latest)
    await Promise.race([changes.settled(), delay(CHANGES_FIRST_MS)])
    put({ type: 'turn.ended', turnId: of, ...ending, ...(usage && { usage }) })
    accepted = null
    feed({ type: 'finished' })
  }

  async function release(): Promise<void> {
    await changes.settled()
    await delivery.drained()
    await call('release', { chatId, epoch }).catch(() => {})
    close()
  }

  async function abandon(): Promise<void> {
    await seat.abort()
    facts.closeQuestions('agent-lost')
    // It was told to end in the middle of a word: what stands in its pipe is heard to the end.
    await seat.empty('stopped')
    await delivery.drained()
    close()
  }

  function close(): void {
    isMute = true
    delivery.stop()
    outbox.close()
    over.resolve()
  }

  function command(commands: readonly Command[]): void {
    for (const each of commands) if (each.kind === 'permission' || each.kind === 'elicitation') facts.answer(each)
    feed({
      type: 'commands',
      prompts: commands.flatMap((each) => (each.kind === 'prompt' ? [each.turnId] : [])),
      cancels: commands.flatMap((each) => (each.kind === 'cancel' ? [each.turnId] : [])),
    })
  }

  function rest(): Rest {
    const { is } = session.stage
    if (is === 'idle') return { is, sinceMs: idleSinceMs }
    return { is: is === 'stopping' || is === 'over' ? 'leaving' : 'busy' }
  }

  command(lease.commands)
  delivery.kick()
  return {
    chatId,
    epoch,
    command,
    fence: () => feed({ type: 'fenced' }),
    drain: () => feed({ type: 'drain' }),
    retire: () => feed({ type: 'retire' }),
    yieldIfIdle: () => feed({ type: 'idle-over' }),
    rest,
    kill: async () => {
      void seat.abort()
      await seat.current()?.stop()
    },
    hasAgent: () => seat.current() !== null || seat.isFilling(),
    residentBytes: () => seat.current()?.residentBytes() ?? 0,
    over: over.promise,
  }
}
