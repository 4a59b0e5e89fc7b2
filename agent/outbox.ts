/**
 * Facts that the server has not yet confirmed, of one chat, on disk: each is written
 * before it is sent and forgotten when it is acknowledged. One append-only file of
 * JSON lines; a torn last line, which a crash leaves, is cut off when it is opened.
 * From: `acp/coalesce.ts` and `session-runner.ts`. Next: `delivery.ts`.
 */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { DaemonFact } from '#core/chat/events.ts'
import { ChatId } from '#core/ids.ts'
import { log } from '#agent/log.ts'
import { APPEND_MAX_BYTES, APPEND_MAX_EVENTS, type OutboxFact } from '#core/links/daemon.ts'

const Line = z.union([
  z.object({ epoch: z.int().positive(), pseq: z.int().positive(), fact: DaemonFact }),
  z.object({ acknowledged: z.object({ epoch: z.int().positive(), pseq: z.int().nonnegative() }) }),
])

type Waiting = OutboxFact & { epoch: number; bytes: number }

/** Beyond it, the agent's pipe is left full until the server has taken some. */
export const OUTBOX_ROOM_BYTES = 64 * 2 ** 20
const ROTATE_BYTES = 1 * 2 ** 20

export type Outbox = {
  readonly chatId: ChatId
  /** Facts that are put from now on belong to this epoch, and count from 1 in it. */
  begin: (epoch: number) => void
  /** On disk when it returns, unless the disk is full or broken: then it is delivered from memory. @returns its producer number */
  put: (fact: DaemonFact) => number
  /** Whether everything that was put is on the disk. Once it is not, nothing more goes there. */
  isKept: () => boolean
  /** The oldest that wait, of one epoch, at most one append; null when none does. */
  next: () => { epoch: number; facts: OutboxFact[] } | null
  /** Everything up to here is in the log. */
  acknowledge: (epoch: number, pseq: number) => void
  waitingBytes: () => number
  /** Epochs of which something waits. */
  epochs: () => number[]
  /** Forces what was written to the disk itself: before a prompt leaves our hands. */
  sync: () => void
  close: () => void
}

const fileOf = (root: string, chatId: ChatId): string => join(root, `${chatId}.jsonl`)

/** Chats of which an earlier daemon left something. */
export const outboxesIn = (root: string): ChatId[] =>
  existsSync(root)
    ? readdirSync(root).flatMap((name) => {
        const id = ChatId.safeParse(name.replace(/\.jsonl$/, ''))
        return name.endsWith('.jsonl') && id.success ? [id.data] : []
      })
    : []

export function openOutbox(root: string, chatId: ChatId): Outbox {
  mkdirSync(root, { recursive: true, mode: 0o700 })
  const file = fileOf(root, chatId)
  const descriptor = openSync(file, 'a+', 0o600)
  const found = readBack(file)
  if (found.end < fstatSync(descriptor).size) ftruncateSync(descriptor, found.end)
  let { waiting } = found
  /** Of all that wait: asked for at each line that an agent says, while megabytes may wait. */
  let waitingBytes = bytesOf(waiting)
  let epoch = 0
  let pseq = 0
  /** Lines behind a missing one would be taken for a gap. */
  let isBroken = false

  const write = (line: object): void => {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
    const before = fstatSync(descriptor).size
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at)
    } catch (error) {
      // Half a line must not swallow the next one; where even that fails, opening cuts it off.
      try {
        ftruncateSync(descriptor, before)
      } catch {}
      throw error
    }
  }

  return {
    chatId,
    begin(given) {
      epoch = given
      pseq = waiting.findLast((each) => each.epoch === given)?.pseq ?? 0
    },
    put(fact) {
      const line = { epoch, pseq: pseq + 1, fact }
      try {
        if (!isBroken) write(line)
      } catch (error) {
        isBroken = true
        log.error({ err: error, chatId }, 'The outbox cannot be written')
      }
      pseq += 1
      const bytes = JSON.stringify(fact).length
      waiting.push({ ...line, bytes })
      waitingBytes += bytes
      return pseq
    },
    isKept: () => !isBroken,
    next() {
      const first = waiting[0]
      if (!first) return null
      const facts: OutboxFact[] = []
      let bytes = 0
      for (const each of waiting) {
        if (each.epoch !== first.epoch || facts.length === APPEND_MAX_EVENTS) break
        if (facts.length > 0 && bytes + each.bytes > APPEND_MAX_BYTES * 0.9) break
        bytes += each.bytes
        facts.push({ pseq: each.pseq, fact: each.fact })
      }
      return { epoch: first.epoch, facts }
    },
    acknowledge(ofEpoch, upTo) {
      const rest = waiting.filter((each) => each.epoch !== ofEpoch || each.pseq > upTo)
      if (rest.length === waiting.length) return
      waiting = rest
      waitingBytes = bytesOf(rest)
      if (rest.length === 0 && fstatSync(descriptor).size > ROTATE_BYTES) ftruncateSync(descriptor, 0)
      try {
        write({ acknowledged: { epoch: ofEpoch, pseq: upTo } })
      } catch {
        // A later daemon sends it again, and is told that it is known.
      }
    },
    waitingBytes: () => waitingBytes,
    epochs: () => [...new Set(waiting.map((each) => each.epoch))],
    sync: () => fdatasyncSync(descriptor),
    close() {
      closeSync(descriptor)
      if (waiting.length === 0) rmSync(file, { force: true })
    },
  }
}

const bytesOf = (facts: readonly Waiting[]): number => facts.reduce((sum, each) => sum + each.bytes, 0)

/** What the file still holds, and where its last whole line ends. */
function readBack(file: string): { waiting: Waiting[]; end: number } {
  const text = readFileSync(file)
  const end = text.lastIndexOf(10) + 1
  let waiting: Waiting[] = []
  for (const raw of text.subarray(0, end).toString('utf8').split('\n')) {
    const line = Line.safeParse(parseJson(raw))
    if (!line.success) continue
    if ('acknowledged' in line.data) {
      const { epoch, pseq } = line.data.acknowledged
      waiting = waiting.filter((each) => each.epoch !== epoch || each.pseq > pseq)
    } else waiting.push({ ...line.data, bytes: JSON.stringify(line.data.fact).length })
  }
  return { waiting, end }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
