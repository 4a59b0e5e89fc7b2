/**
 * Takes back what a program makes of its own login file while it runs: it trades the
 * refresh token for the next one, and the copy in the vault opens nothing from then on.
 * The file belongs to the agent, so it is read as something hostile: no link is followed
 * on the way, nothing waits on a pipe, and a file of somebody else's is not looked into.
 * Next: the call `loginChanged` (`core/links/daemon.ts`), answered by `server/logins`.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { ChatId, RunId } from '#core/ids.ts'
import { LOGIN_MAX_BYTES, type CallReply } from '#core/links/daemon.ts'
import { log } from '#agent/log.ts'
import type { Call } from '#agent/uplink.ts'

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY } = constants

/** Where a login lies, and whose it is. */
export type LoginPlace = { home: string; /** Relative to `home`. */ path: string; /** The run's own user. */ uid: number }

/**
 * The text of the file; null when there is none, or none that may be believed. Each folder
 * is opened from the one before it, since a path could lead elsewhere the next moment.
 */
export async function readLogin({ home, path, uid }: LoginPlace): Promise<string | null> {
  const opened: FileHandle[] = []
  let at = home
  const enter = async (name: string, flags: number): Promise<FileHandle> => {
    const handle = await open(name === '' ? at : `${at}/${name}`, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | flags)
    opened.push(handle)
    at = process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : `${at}/${name}`
    return handle
  }
  try {
    for (const name of ['', ...path.split('/').slice(0, -1)]) await enter(name, O_DIRECTORY)
    const file = await enter(path.slice(path.lastIndexOf('/') + 1), 0)
    const stat = await file.stat()
    const isForeign = process.getuid?.() === 0 && stat.uid !== uid
    return !stat.isFile() || isForeign || stat.size > LOGIN_MAX_BYTES ? null : await textOf(file)
  } catch {
    return null
  } finally {
    for (const handle of opened) await handle.close()
  }
}

/** Null when it grew beyond the limit since, or is no text. */
async function textOf(file: FileHandle): Promise<string | null> {
  const buffer = Buffer.alloc(LOGIN_MAX_BYTES + 1)
  let length = 0
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, length)
    length += bytesRead
    if (length > LOGIN_MAX_BYTES) return null
    if (bytesRead === 0) return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length))
  }
}

export const digestOf = (contents: string): string => createHash('sha256').update(contents).digest('base64')

/** A file that is being written is no login yet. */
function isWhole(contents: string): boolean {
  try {
    JSON.parse(contents)
    return true
  } catch {
    return false
  }
}

/** The login as it is now, when it is another than the one with this digest. */
export async function changedLogin(place: LoginPlace, digest: string): Promise<string | null> {
  const contents = await readLogin(place)
  return contents !== null && digestOf(contents) !== digest && isWhole(contents) ? contents : null
}

/** Which run a login was given to: the server keeps what comes from that one, and in its place alone. */
type LoginRun = { chatId: ChatId; epoch: number; runId: RunId }

/** Tells the server; resolves once it has answered. Until it answers anything but `later`, the file is the only copy. */
export type TellLogin = (run: LoginRun, contents: string) => Promise<CallReply<'loginChanged'>>

export const tellLoginBy =
  (call: Call): TellLogin =>
  (run, contents) =>
    call('loginChanged', { ...run, contents })

export type LoginWatch = {
  /** Looks once more, for what the program wrote as its last. False when the server has not decided about it yet. */
  settle: () => Promise<boolean>
}

const LOOK_EVERY_MS = 1_000
/** A server that is away is told later: `left-logins.ts`. */
const SETTLE_MS = 5_000

export function watchLogin({
  place,
  run,
  given,
  tell,
  onDecided = () => {},
  lookEveryMs = LOOK_EVERY_MS,
  settleMs = SETTLE_MS,
}: {
  place: LoginPlace
  run: LoginRun
  /** As it was written. */
  given: string
  tell: TellLogin
  /** The server has decided about the login of this digest. */
  onDecided?: (digest: string) => void
  lookEveryMs?: number
  settleMs?: number
}): LoginWatch {
  let digest = digestOf(given)
  let looking: Promise<boolean> | null = null

  /** Whether nothing is left to tell. */
  async function look(): Promise<boolean> {
    const contents = await changedLogin(place, digest)
    if (contents === null) return true
    const reply = await tell(run, contents)
    if (reply.is === 'later') return false
    digest = digestOf(contents)
    onDecided(digest)
    return true
  }
  const lookAlone = (): Promise<boolean> => (looking ??= look().finally(() => (looking = null)))
  const timer = setInterval(
    () => void lookAlone().catch((error: unknown) => log.debug({ err: error, ...run }, 'A login could not be told')),
    lookEveryMs,
  )
  timer.unref()

  return {
    async settle() {
      clearInterval(timer)
      const over = AbortSignal.timeout(settleMs)
      const last = (async () => {
        await looking
        while (!(await lookAlone())) await delay(lookEveryMs, undefined, { signal: over, ref: false })
        return true
      })().catch(() => false)
      return Promise.race([last, delay(settleMs, false, { ref: false })])
    },
  }
}
