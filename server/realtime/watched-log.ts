/**
 * One chat's log as this process shows it: the head we know of, and a ring of the last events, so that many
 * watchers of one chat cost one read. The ring is filled by reads only, and only with what follows on it.
 * Next: `pump.ts`, whose cursors read pages here.
 */
import type { ChatEvent } from '#core/chat/events.ts'
import type { ChatId } from '#core/ids.ts'
import { PAGE_MAX_BYTES, PAGE_MAX_EVENTS } from '#core/links/browser.ts'
import { readEventsAfter } from '#server/chats/events.ts'
import { WrittenPage } from '#server/realtime/page-encoder.ts'

const RING_MAX_EVENTS = 256
const RING_MAX_CHARS = 1_000_000

/** An event as its JSON, which is written once for everybody who gets it. */
type Line = { seq: number; seqFrom: number; json: string }
export type LogPage = { page: WrittenPage; lastSeq: number }

const toLine = (event: ChatEvent): Line => ({ seq: event.seq, seqFrom: event.seqFrom, json: JSON.stringify(event) })

export class WatchedLog {
  readonly chatId: ChatId
  head = 0
  /** 0 until it has been read. */
  logId = 0
  #ring: Line[] = []
  #ringChars = 0
  readonly #reads = new Map<number, Promise<Line[]>>()
  /** The page that was asked for last: whoever follows live asks for the same. */
  #last: { key: string; page: LogPage } | null = null

  constructor(chatId: ChatId) {
    this.chatId = chatId
  }

  /** Hints are lost, doubled and late: a head never goes back. */
  raiseHead(head: number): boolean {
    if (head <= this.head) return false
    this.head = head
    return true
  }

  isOther(logId: number): boolean {
    return this.logId !== 0 && this.logId !== logId
  }

  /** True when this is another history than the one known so far, which is then forgotten. */
  startsOver(logId: number): boolean {
    const isOther = this.isOther(logId)
    if (isOther) this.forget()
    this.logId = logId
    return isOther
  }

  forget(): void {
    this.head = 0
    this.#ring = []
    this.#ringChars = 0
    this.#last = null
  }

  /** The next page after a cursor; null only when nothing follows it. */
  async pageAfter(cursor: number, maxChars: number): Promise<LogPage | null> {
    const kept = this.#fromRing(cursor)
    const lines = withinChars(kept.length > 0 ? kept : await this.#read(cursor), maxChars)
    const lastSeq = lines.at(-1)?.seq
    if (lastSeq === undefined) return null
    this.raiseHead(lastSeq)
    const key = `${cursor} ${lastSeq} ${this.head} ${this.logId}`
    if (this.#last?.key !== key) this.#last = { key, page: { page: this.#write(lines), lastSeq } }
    return this.#last.page
  }

  #write(lines: readonly Line[]): WrittenPage {
    const events = lines.map(({ json }) => json).join(',')
    return new WrittenPage(`{"chatId":"${this.chatId}","logId":${this.logId},"head":${this.head},"events":[${events}]}`)
  }

  #fromRing(cursor: number): readonly Line[] {
    const first = this.#ring[0]
    if (!first || first.seqFrom > cursor + 1) return []
    // A reader is nearly always near the end.
    let from = this.#ring.length
    while (from > 0 && this.#ring[from - 1]!.seq > cursor) from -= 1
    return this.#ring.slice(from, from + PAGE_MAX_EVENTS)
  }

  /** Cursors at the same place share one read. */
  #read(cursor: number): Promise<Line[]> {
    const under = this.#reads.get(cursor)
    if (under) return under
    const read = readEventsAfter(this.chatId, { afterSeq: cursor, maxEvents: PAGE_MAX_EVENTS, maxBytes: PAGE_MAX_BYTES })
      .then((events) => {
        const lines = events.map(toLine)
        this.#keep(lines)
        return lines
      })
      .finally(() => this.#reads.delete(cursor))
    this.#reads.set(cursor, read)
    return read
  }

  #keep(lines: readonly Line[]): void {
    const last = this.#ring.at(-1)?.seq
    for (const line of lines) {
      const end = this.#ring.at(-1)?.seq
      if (end !== undefined && line.seq <= end) continue
      // What does not follow on starts the ring anew, and only when it is nearer to the head.
      if (end !== undefined && line.seqFrom !== end + 1) {
        this.#ring = []
        this.#ringChars = 0
      }
      this.#ring.push(line)
      this.#ringChars += line.json.length
    }
    if (this.#ring.at(-1)?.seq === last) return
    while (this.#ring.length > RING_MAX_EVENTS || (this.#ring.length > 1 && this.#ringChars > RING_MAX_CHARS)) {
      this.#ringChars -= this.#ring.shift()!.json.length
    }
  }
}

/** The longest beginning within `maxChars`, never empty for a non-empty list. */
function withinChars(lines: readonly Line[], maxChars: number): readonly Line[] {
  let chars = 0
  const end = lines.findIndex(({ json }, at) => {
    chars += json.length
    return at > 0 && chars > maxChars
  })
  return end < 0 ? lines : lines.slice(0, end)
}
