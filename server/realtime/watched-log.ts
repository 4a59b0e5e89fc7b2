/**
 * One chat's log as this process shows it: the head we know of, and a ring of the last events, so that many
 * watchers of one chat cost one read. The ring is filled by reads only, and only with what follows on it.
 * Next: `pump.ts`, whose cursors read pages here.
 */
import type { ChatEvent } from '#core/chat/events.ts'
import type { ChatId } from '#core/ids.ts'
import { PAGE_MAX_BYTES, PAGE_MAX_EVENTS } from '#core/links/browser.ts'
import { readEventsAfter, withinBytes } from '#server/chats/events.ts'

const RING_MAX_EVENTS = 256
const RING_MAX_CHARS = 1_000_000

export class WatchedLog {
  readonly chatId: ChatId
  head = 0
  /** 0 until it has been read. */
  logId = 0
  #ring: { event: ChatEvent; chars: number }[] = []
  #ringChars = 0
  readonly #reads = new Map<number, Promise<ChatEvent[]>>()

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
  }

  /** The next page after a cursor; empty only when nothing follows it. */
  async pageAfter(cursor: number, maxChars: number): Promise<ChatEvent[]> {
    const kept = this.#fromRing(cursor)
    const events = kept.length > 0 ? kept : await this.#read(cursor)
    return withinBytes(events.slice(0, PAGE_MAX_EVENTS), maxChars)
  }

  #fromRing(cursor: number): ChatEvent[] {
    const first = this.#ring[0]?.event
    if (!first || first.seqFrom > cursor + 1) return []
    const from = this.#ring.findIndex(({ event }) => event.seq > cursor)
    return from < 0 ? [] : this.#ring.slice(from, from + PAGE_MAX_EVENTS).map(({ event }) => event)
  }

  /** Cursors at the same place share one read. */
  #read(cursor: number): Promise<ChatEvent[]> {
    const under = this.#reads.get(cursor)
    if (under) return under
    const read = readEventsAfter(this.chatId, { afterSeq: cursor, maxEvents: PAGE_MAX_EVENTS, maxBytes: PAGE_MAX_BYTES })
      .then((events) => {
        this.#keep(events)
        return events
      })
      .finally(() => this.#reads.delete(cursor))
    this.#reads.set(cursor, read)
    return read
  }

  #keep(events: readonly ChatEvent[]): void {
    const last = this.#ring.at(-1)?.event.seq
    for (const event of events) {
      const end = this.#ring.at(-1)?.event.seq
      if (end !== undefined && event.seq <= end) continue
      // What does not follow on starts the ring anew, and only when it is nearer to the head.
      if (end !== undefined && event.seqFrom !== end + 1) {
        this.#ring = []
        this.#ringChars = 0
      }
      const chars = JSON.stringify(event).length
      this.#ring.push({ event, chars })
      this.#ringChars += chars
    }
    if (this.#ring.at(-1)?.event.seq === last) return
    while (this.#ring.length > RING_MAX_EVENTS || (this.#ring.length > 1 && this.#ringChars > RING_MAX_CHARS)) {
      this.#ringChars -= this.#ring.shift()!.chars
    }
  }
}
