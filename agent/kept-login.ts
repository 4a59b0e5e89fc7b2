/**
 * A login file's stay in a live run's home: noted before it is written, watched while its program may rewrite it, and
 * taken out again when the run has ended. What cannot be told then is left to `left-logins.ts`, and so is what a daemon
 * that was killed has noted.
 * From: `agent-process.ts`. Next: `login-watch.ts`, `launch/prepare.ts`.
 */
import { loginFileOf, type Harness } from '#core/harnesses/harness.ts'
import type { RunGrant } from '#core/links/daemon.ts'
import { removeLogin } from '#agent/launch/prepare.ts'
import type { LeftLogins } from '#agent/left-logins.ts'
import { log } from '#agent/log.ts'
import { digestOf, watchLogin, type LoginWatch, type TellLogin } from '#agent/login-watch.ts'
import type { Sandbox } from '#agent/sandbox/sandbox.ts'
import type { Workspace } from '#agent/workspace/workspace.ts'

export type KeptLogin = {
  /** The file is written: from here on it may change. */
  watch: () => void
  /** The program has ended. Resolves when what it made of the login is told, or cannot be told now. */
  settle: () => Promise<boolean>
  /** Resolves when the login is out of the home, or is left there for later. */
  remove: () => Promise<void>
}

/** Null when this run has no login file. */
export function keepLogin({
  sandbox,
  workspace,
  harness,
  grant: { runId, delivery },
  epoch,
  tell,
  leftLogins,
}: {
  sandbox: Sandbox
  workspace: Workspace
  harness: Harness
  grant: RunGrant
  epoch: number
  tell: TellLogin
  leftLogins: LeftLogins
}): KeptLogin | null {
  const accepted = delivery.via === 'file' ? loginFileOf(harness, delivery.format) : null
  if (!accepted || delivery.via !== 'file') return null
  const { path, refresh } = accepted
  const mayChange = refresh.by === 'program'
  let watching: LoginWatch | null = null
  let settling: Promise<boolean> | null = null
  const settle = (): Promise<boolean> => (settling ??= watching?.settle() ?? Promise.resolve(true))
  let isOver = false
  const note = (digest: string | null): void => {
    // An answer that comes after the end must not bring back a note that was settled otherwise.
    if (!isOver) workspace.remember({ login: { runId, epoch, path, digest } })
  }
  note(mayChange ? digestOf(delivery.contents) : null)
  const handBack = leftLogins.lend(workspace.chatId, runId)
  return {
    watch() {
      if (!mayChange) return
      const place = { home: workspace.home, path, uid: workspace.uid }
      const run = { chatId: workspace.chatId, runId, epoch }
      watching = watchLogin({ place, run, given: delivery.contents, tell, onDecided: note })
    },
    settle,
    async remove() {
      let isOut = false
      try {
        const isSettled = await settle()
        isOver = true
        if (isSettled) {
          await removeLogin(sandbox, workspace, path)
          isOut = true
        } else log.warn({ runId }, 'A login that has changed is kept until the server can be told')
      } finally {
        handBack({ isOut })
      }
    },
  }
}
