/**
 * Logins that lie in homes in which no run works on them any more: of a run whose end could not be told in time, or of
 * a daemon that was killed. One loop for the node tells the server what became of each until it has decided, more
 * seldom from time to time, and at once when the uplink is back; until then the server gives the login to no other
 * chat. Only a run on a login waits for what its own chat has left.
 * From: `main.ts`, `kept-login.ts`, `run-start.ts`. Next: the calls `loginChanged` and `runEnded` (`core/links/daemon.ts`).
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { DomainError, type FailureCode } from '#core/errors.ts'
import { ChatId, type RunId } from '#core/ids.ts'
import { abortable } from '#agent/abortable.ts'
import { removeLogin } from '#agent/launch/prepare.ts'
import { log } from '#agent/log.ts'
import { changedLogin, tellLoginBy } from '#agent/login-watch.ts'
import { repeatable } from '#agent/repeat.ts'
import type { Sandbox } from '#agent/sandbox/sandbox.ts'
import type { Call } from '#agent/uplink.ts'
import { openWorkspace, stateIn } from '#agent/workspace/workspace.ts'

export type LeftLogins = {
  /** A run of this chat has its login now, which is nobody else's to touch until the answer is called. */
  lend: (chatId: ChatId, runId: RunId) => HandBack
  /** Whether the login of this run may still lie in its home. */
  isLeft: (chatId: ChatId, runId: RunId) => boolean
  /** Of which a login lies in the home, those of live runs too. */
  chats: () => ChatId[]
  /**
   * Before a run on a login begins, which the server must not give what its chat's successor here has made worthless.
   * @returns false when nothing was left
   * @throws why the server cannot decide about it, when it still could not after a while
   */
  clear: (chatId: ChatId, signal: AbortSignal) => Promise<boolean>
  /** Tries each now. */
  kick: () => void
  /** Resolves when each was tried once more. */
  tryAll: () => Promise<void>
  stop: () => void
}

/** `isOut`: the file is gone, and nothing of it was left to tell. */
export type HandBack = (end: { isOut: boolean }) => void

export type LeftLoginsOptions = {
  /** Null while there is none: then nothing is taken out. */
  sandbox: () => Sandbox | null
  /** Of the workspaces. */
  root: string
  call: Call
  restMs?: number
  clearEveryMs?: number
}

const REST_MS = 5_000
const REST_MAX_MS = 300_000
/** Somebody waits for the run that begins then. */
const CLEAR_TRIES = 5
const CLEAR_EVERY_MS = 1_000

export function holdLeftLogins({ sandbox, root, call, restMs = REST_MS, clearEveryMs = CLEAR_EVERY_MS }: LeftLoginsOptions): LeftLogins {
  const tell = tellLoginBy(call)
  const noted = notedIn(root)
  const lent = new Set<ChatId>()
  /** Their files are gone already. */
  const out = new Set<ChatId>()
  const trying = new Map<ChatId, Promise<FailureCode | null>>()
  let nextRestMs = restMs
  let timer: NodeJS.Timeout | null = null
  let isStopped = false

  const left = (): ChatId[] => [...noted.keys()].filter((chatId) => !lent.has(chatId))

  /** Null once nothing is left; else why the server cannot decide about it. One at a time for each chat. */
  function tryOne(chatId: ChatId): Promise<FailureCode | null> {
    const under = trying.get(chatId) ?? takeBack(chatId).finally(() => trying.delete(chatId))
    trying.set(chatId, under)
    return under
  }

  async function takeBack(chatId: ChatId): Promise<FailureCode | null> {
    const box = sandbox()
    if (!box) return 'sandbox.unavailable'
    const workspace = existsSync(join(root, chatId)) ? openWorkspace(root, chatId, 'file') : null
    const login = workspace?.state().login
    if (workspace && login) {
      const { path, runId, epoch, digest } = login
      const contents = digest === null ? null : await changedLogin({ home: workspace.home, path, uid: workspace.uid }, digest)
      const reply = contents === null ? null : await tell({ chatId, runId, epoch }, contents)
      if (reply?.is === 'later') return reply.code
      if (!out.delete(chatId)) await removeLogin(box, workspace, path)
      // The note goes last: until the server knows, it keeps the login for this chat.
      await call('runEnded', { chatId, epoch, runId, keepsLogin: false })
      workspace.remember({ login: null })
    }
    noted.delete(chatId)
    return null
  }

  async function tryAll(): Promise<void> {
    for (const chatId of left()) {
      if (lent.has(chatId) || isStopped) continue
      await tryOne(chatId).catch((error: unknown) => log.error({ err: error, chatId }, 'A login was left in its home'))
    }
  }

  const round = repeatable(
    async () => {
      if (timer) clearTimeout(timer)
      timer = null
      await tryAll()
      if (left().length === 0 || isStopped) return
      timer = setTimeout(round, nextRestMs).unref()
      nextRestMs = Math.min(REST_MAX_MS, nextRestMs * 2)
    },
    (error) => log.error({ err: error }, 'Logins that were left could not be looked after'),
  )

  function kick(): void {
    nextRestMs = restMs
    round()
  }

  return {
    lend(chatId, runId) {
      noted.set(chatId, runId)
      lent.add(chatId)
      return ({ isOut }) => {
        lent.delete(chatId)
        if (isOut) out.add(chatId)
        kick()
      }
    },
    isLeft: (chatId, runId) => noted.get(chatId) === runId,
    chats: () => [...noted.keys()],
    async clear(chatId, signal) {
      if (!noted.has(chatId)) return false
      for (let tried = 1; ; tried += 1) {
        const code = await abortable(tryOne(chatId), signal)
        if (code === null) return true
        if (tried === CLEAR_TRIES) throw new DomainError(code)
        await delay(clearEveryMs, undefined, { signal })
      }
    },
    kick,
    tryAll,
    stop() {
      isStopped = true
      if (timer) clearTimeout(timer)
    },
  }
}

/** By chat, the run whose login it is. */
function notedIn(root: string): Map<ChatId, RunId> {
  const noted = new Map<ChatId, RunId>()
  for (const name of existsSync(root) ? readdirSync(root) : []) {
    const chatId = ChatId.safeParse(name).data
    if (!chatId) continue
    try {
      const { login } = stateIn(join(root, chatId))
      if (login) noted.set(chatId, login.runId)
    } catch (error) {
      log.error({ err: error, chatId }, 'What was remembered of a workspace cannot be read')
    }
  }
  return noted
}
