/**
 * Brings an outbox to the server: one append under way, the next when it is answered,
 * again after every broken connection. What the server says of duplicates, gaps and
 * fences is settled here; `session-runner.ts` hears only what it must act on.
 * Next: `server/daemons/ingest.ts`.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { CallReply } from '#core/links/daemon.ts'
import { log } from '#agent/log.ts'
import type { Outbox } from '#agent/outbox.ts'
import type { Call } from '#agent/uplink.ts'

type Accepted = NonNullable<Extract<CallReply<'append'>, { is: 'acknowledged' }>['accepted']>[number]

export type DeliveryEars = {
  onAccepted: (accepted: Accepted) => void
  /** Another epoch holds the chat: nothing that this one does counts any more. */
  onFenced: (epoch: number) => void
}

export type Delivery = {
  /** Something was put. */
  kick: () => void
  /** Resolves when nothing waits. */
  drained: () => Promise<void>
  /** Resolves when there is room for more; null when there is. */
  room: (bytes: number) => Promise<void> | null
  stop: () => void
}

/** @param call keeps asking while the connection is away, so a failure here is final: we were stopped */
export function deliver(outbox: Outbox, call: Call, ears: DeliveryEars): Delivery {
  let isStopped = false
  let running: Promise<void> | null = null
  const waiters: { isMet: () => boolean; resolve: () => void }[] = []

  const notify = (): void => {
    for (let at = waiters.length - 1; at >= 0; at -= 1) if (isStopped || waiters[at]!.isMet()) waiters.splice(at, 1)[0]!.resolve()
  }
  const until = (isMet: () => boolean): Promise<void> =>
    isStopped || isMet() ? Promise.resolve() : new Promise((resolve) => void waiters.push({ isMet, resolve }))

  async function run(): Promise<void> {
    for (let batch = outbox.next(); batch && !isStopped; batch = outbox.next()) {
      try {
        await settle(batch)
      } catch (error) {
        if (isStopped) return
        log.warn({ err: error, chatId: outbox.chatId }, 'An append failed and is sent again')
        await delay(500)
      }
      notify()
    }
  }

  async function settle({ epoch, facts }: NonNullable<ReturnType<Outbox['next']>>): Promise<void> {
    const reply = await call('append', { chatId: outbox.chatId, epoch, facts })
    switch (reply.is) {
      case 'acknowledged':
        outbox.acknowledge(epoch, reply.pseq)
        for (const accepted of reply.accepted ?? []) ears.onAccepted(accepted)
        return
      case 'retry':
        await delay(reply.afterMs)
        return
      case 'expected':
        // It has more than we thought: an acknowledgement was lost. It has less: only a restored database can.
        if (reply.pseq > facts[0]!.pseq) return outbox.acknowledge(epoch, reply.pseq - 1)
        log.error(
          { chatId: outbox.chatId, epoch, expected: reply.pseq, first: facts[0]!.pseq },
          'The log lacks facts that it had confirmed',
        )
        return giveUp(epoch, 0)
      case 'fenced':
        return giveUp(epoch, reply.finalPseq)
    }
  }

  /** What the log does not hold is kept beside it. */
  async function giveUp(epoch: number, finalPseq: number): Promise<void> {
    ears.onFenced(epoch)
    outbox.acknowledge(epoch, finalPseq)
    for (let batch = outbox.next(); batch?.epoch === epoch; batch = outbox.next()) {
      await call('salvage', { chatId: outbox.chatId, ...batch })
      outbox.acknowledge(epoch, batch.facts.at(-1)!.pseq)
    }
  }

  return {
    kick() {
      running ??= run().finally(() => {
        running = null
        notify()
        // Put between the loop's last look and here.
        if (outbox.next() && !isStopped) this.kick()
      })
    },
    drained: () => until(() => running === null && outbox.next() === null),
    room: (bytes) => (outbox.waitingBytes() < bytes ? null : until(() => outbox.waitingBytes() < bytes)),
    stop() {
      isStopped = true
      notify()
    },
  }
}
