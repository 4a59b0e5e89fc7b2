/**
 * A login file's stay in a run's home: noted before it is written, watched while its program
 * may rewrite it, and taken out again when the run has ended. Whatever ended the daemon in
 * between, the note is found at the daemon's next start.
 * From: `agent-process.ts`, `session-runner.ts`, `main.ts`. Next: `login-watch.ts`, `launch/prepare.ts`.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { loginFileOf, type Harness } from '#core/harnesses/harness.ts'
import { ChatId } from '#core/ids.ts'
import type { RunGrant } from '#core/links/daemon.ts'
import { log } from '#agent/log.ts'
import { digestOf, tellLeftLogin, watchLogin, type LoginWatch, type TellLogin } from '#agent/login-watch.ts'
import { removeLogin } from '#agent/launch/prepare.ts'
import type { Sandbox } from '#agent/sandbox/sandbox.ts'
import { openWorkspace, type Workspace } from '#agent/workspace/workspace.ts'

export type KeptLogin = {
  /** The file is written: from here on it may change. */
  watch: () => void
  /** The program has ended. Resolves when what it made of the login is told, or cannot be told now. */
  settle: () => Promise<boolean>
  /** Resolves when the login is out of the home, or is left to the next start. */
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
}: {
  sandbox: Sandbox
  workspace: Workspace
  harness: Harness
  grant: RunGrant
  epoch: number
  tell: TellLogin
}): KeptLogin | null {
  const accepted = delivery.via === 'file' ? loginFileOf(harness, delivery.format) : null
  if (!accepted || delivery.via !== 'file') return null
  const { path, refresh } = accepted
  const mayChange = refresh.by === 'program'
  let watching: LoginWatch | null = null
  let settling: Promise<boolean> | null = null
  const settle = (): Promise<boolean> => (settling ??= watching?.settle() ?? Promise.resolve(true))
  workspace.remember({ login: { runId, epoch, path, digest: mayChange ? digestOf(delivery.contents) : null } })
  return {
    watch() {
      if (!mayChange) return
      const place = { home: workspace.home, path, uid: workspace.uid }
      watching = watchLogin({ place, run: { chatId: workspace.chatId, runId, epoch }, given: delivery.contents, tell })
    },
    settle,
    async remove() {
      if (!(await settle())) return log.warn({ runId }, 'A login that has changed is kept until the server can be told')
      await removeLogin(sandbox, workspace, path)
      workspace.remember({ login: null })
    },
  }
}

/** What a daemon that was killed left, in whichever chat: the sooner its successor is told, the sooner it is the one in use. */
export async function clearLeftLogins({ sandbox, root, tell }: { sandbox: Sandbox; root: string; tell: TellLogin }): Promise<void> {
  for (const name of readdirSync(root)) {
    const chatId = ChatId.safeParse(name).data
    if (!chatId) continue
    await clearLeftLogin({ sandbox, root, chatId, tell }).catch((error: unknown) =>
      log.error({ err: error, chatId }, 'A login was left in its home'),
    )
  }
}

/**
 * Before anything else of a chat's new run: the server must not give out a login whose successor still lies here.
 * @throws while the server cannot decide about that one; then it stays where it is
 */
export async function clearLeftLogin({
  sandbox,
  root,
  chatId,
  tell,
}: {
  sandbox: Sandbox
  root: string
  chatId: ChatId
  tell: TellLogin
}): Promise<void> {
  if (!existsSync(join(root, chatId))) return
  const workspace = openWorkspace(root, chatId, 'file')
  const left = workspace.state().login
  if (!left) return
  const { path, runId, epoch, digest } = left
  if (digest !== null) await tellLeftLogin({ home: workspace.home, path, uid: workspace.uid }, { chatId, runId, epoch, digest }, tell)
  await removeLogin(sandbox, workspace, path)
  workspace.remember({ login: null })
}
