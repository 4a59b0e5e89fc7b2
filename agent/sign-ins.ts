/**
 * The guided sign-ins of this node: takes those that the server offers, keeps saying that it is at it, and ends each
 * when nobody waits any more. They do not know of each other, and none of them is a chat's run.
 * From: the hints `sign-in` and `sign-in-over`. Next: `sign-in.ts`.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { ASK_EVERY_MS, SIGN_IN_MS } from '#core/connections/sign-in.ts'
import { findHarness } from '#core/harnesses/registry.ts'
import type { ServerHint } from '#core/links/daemon.ts'
import type { Surroundings } from '#agent/agent-process.ts'
import { log } from '#agent/log.ts'
import { runSignIn, type SignInEvent } from '#agent/sign-in.ts'
import type { Uplink } from '#agent/uplink.ts'

/** Beside the agents, so few; the server offers the rest to other nodes. */
const MAX_AT_ONCE = 4

export type SignIns = {
  onHint: (hint: ServerHint) => void
  /** Ends them all; resolves when nothing of them is left. */
  stop: () => Promise<void>
}

type Live = { end: () => void; ask: () => void; over: Promise<void> }

export function guideSignIns({
  uplink,
  surroundings,
  root,
  run = runSignIn,
}: {
  uplink: Pick<Uplink, 'call' | 'tryCall'>
  surroundings: Surroundings
  root: string
  /** One sign-in from beginning to end; tests give another. */
  run?: typeof runSignIn
}): SignIns {
  const live = new Map<string, Live>()
  let isStopping = false
  // What an earlier daemon was at: its programs died with it.
  rmSync(root, { recursive: true, force: true })
  mkdirSync(root, { recursive: true, mode: 0o711 })

  function begin(signInId: string): void {
    const ending = new AbortController()
    let answer: ((text: string) => void) | null = null
    let answered: string | null = null

    const heed = (reply: { goOn: boolean; answer: string | null } | null): void => {
      if (!reply) return
      if (!reply.goOn) return ending.abort()
      // It comes with each reply until it is over; the program wants it once.
      if (reply.answer === null || reply.answer === answered || !answer) return
      answered = reply.answer
      answer(reply.answer)
    }
    const tell = (event: SignInEvent) => uplink.tryCall('tellSignIn', { signInId, event })
    const ask = (): void => void tell({ is: 'waiting' }).then(heed)

    async function guide(): Promise<void> {
      const taken = await uplink.tryCall('takeSignIn', { signInId })
      if (taken?.is !== 'yours') return
      const harness = findHarness(taken.harness)
      if (!harness) return void (await tell({ is: 'failed', code: 'harness.unknown', detail: '' }))
      log.info({ signInId, harness: harness.id }, 'Leading somebody through a sign-in')
      const asking = setInterval(ask, ASK_EVERY_MS)
      const deadline = setTimeout(() => ending.abort(), SIGN_IN_MS)
      try {
        const end = await run({
          signInId,
          harness,
          surroundings,
          root,
          signal: ending.signal,
          onShown: (shown) => void uplink.call('tellSignIn', { signInId, event: shown }).then(heed, () => {}),
          onAsks: (given) => (answer = given),
        })
        await uplink.call('tellSignIn', { signInId, event: end })
        log.info({ signInId, is: end.is }, 'A sign-in is over')
      } catch (error) {
        if (!ending.signal.aborted) {
          log.error({ err: error, signInId }, 'A sign-in failed')
          await tell({ is: 'failed', code: 'sign-in.failed', detail: '' })
        } else if (isStopping) await tell({ is: 'failed', code: 'node.offline', detail: '' })
        else log.info({ signInId }, 'Nobody waits for a sign-in any more')
      } finally {
        clearInterval(asking)
        clearTimeout(deadline)
      }
    }
    const over = guide()
      .catch((error: unknown) => log.error({ err: error, signInId }, 'A sign-in could not be ended'))
      .finally(() => live.delete(signInId))
    live.set(signInId, { end: () => ending.abort(), ask, over })
  }

  return {
    onHint(hint) {
      if (hint.hint === 'sign-in-over') return live.get(hint.signInId)?.end()
      if (hint.hint !== 'sign-in' || isStopping) return
      const known = live.get(hint.signInId)
      if (known) known.ask()
      else if (live.size < MAX_AT_ONCE && surroundings.sandbox()) begin(hint.signInId)
    },
    async stop() {
      isStopping = true
      for (const each of live.values()) each.end()
      await Promise.all([...live.values()].map((each) => each.over))
    },
  }
}
