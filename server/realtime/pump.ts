/**
 * Sends committed events to browsers. Each subscription is a cursor; while it is behind the head it gets the
 * next page and nothing more until the client has acknowledged that one. Catch-up, live tail, slow phone and
 * change of server are this same loop, and no queue per client exists.
 * From: `bus.ts` (heads), `server/chats/events.ts` (pages). Next: `components/chat/chat-feed.ts`.
 */
import type { ChatId } from '#core/ids.ts'
import { PAGE_MAX_BYTES } from '#core/links/browser.ts'
import { readHeads, type LogHead } from '#server/chats/events.ts'
import { log } from '#server/log.ts'
import { hearOf, onHint, onReconnected } from '#server/realtime/bus.ts'
import type { WrittenPage } from '#server/realtime/page-encoder.ts'
import { WatchedLog } from '#server/realtime/watched-log.ts'

const SWEEP_EVERY_MS = 1_000
const PAGE_MIN_CHARS = 16_000
/** An acknowledgement faster than this lets pages grow, one slower than the other shrinks them. */
const QUICK_MS = 200
const SLOW_MS = 1_000

/** Sends a page and resolves to the seq that the client has applied; rejects when it does not answer in time. */
export type SendPage = (page: WrittenPage) => Promise<number>

export type Cursor = {
  readonly chatId: ChatId
  /** The last head we know of, for heartbeats. */
  readonly head: number
  close(): void
}

/** `isOver` is called once when the cursor can never go on: the client must subscribe again. */
type Options = { chatId: ChatId; send: SendPage; isOver: () => void }

type Watched = { log: WatchedLog; cursors: Set<RunningCursor>; unhear: () => void }

export class Pump {
  readonly #watched = new Map<ChatId, Watched>()
  readonly #stops: (() => void)[]
  #sweeping: Promise<void> | null = null

  constructor() {
    const timer = setInterval(() => void this.sweep(), SWEEP_EVERY_MS)
    timer.unref()
    this.#stops = [
      () => clearInterval(timer),
      onHint((hint) => {
        if (hint.about === 'log') this.#raise(hint.chatId, hint.head)
      }),
      onReconnected(() => void this.sweep()),
    ]
  }

  /**
   * Registers a cursor that waits for `start`. Only then read the head: what is committed in between raises
   * the head of a cursor that is already there, so nothing falls between reading and following.
   */
  register(options: Options): { start(at: Omit<LogHead, 'floor'>, after: number): void; cursor: Cursor } {
    const { chatId } = options
    const watched = this.#watched.get(chatId) ?? { log: new WatchedLog(chatId), cursors: new Set(), unhear: hearOf(chatId) }
    this.#watched.set(chatId, watched)
    const cursor = new RunningCursor(watched.log, options, () => {
      watched.cursors.delete(cursor)
      if (watched.cursors.size > 0) return
      watched.unhear()
      this.#watched.delete(chatId)
    })
    watched.cursors.add(cursor)
    return {
      cursor,
      start: ({ head, logId }, after) => {
        if (watched.log.startsOver(logId)) for (const other of watched.cursors) if (other !== cursor) other.end()
        watched.log.raiseHead(head)
        cursor.start(after)
      },
    }
  }

  /** Closes every hole that lost hints leave. One at a time. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweepOnce()
      .catch((error: unknown) => log.warn({ err: error }, 'The heads of watched chats could not be read'))
      .finally(() => (this.#sweeping = null))
    return this.#sweeping
  }

  stop(): void {
    for (const stop of this.#stops) stop()
    for (const { cursors } of this.#watched.values()) for (const cursor of cursors) cursor.close()
  }

  async #sweepOnce(): Promise<void> {
    if (this.#watched.size === 0) return
    const before = [...this.#watched].map(([chatId, watched]) => ({ chatId, watched, head: watched.log.head }))
    const heads = await readHeads(before.map(({ chatId }) => chatId))
    for (const { chatId, watched, head } of before) {
      const found = heads.get(chatId)
      // Deleted, or put back to an earlier state: what these cursors count is of another history.
      if (!found || watched.log.isOther(found.logId) || found.head < head) {
        watched.log.forget()
        for (const cursor of watched.cursors) cursor.end()
      } else {
        watched.log.raiseHead(found.head)
        // Also those that know the head and stopped before it, because a read had failed.
        for (const cursor of watched.cursors) cursor.wake()
      }
    }
  }

  #raise(chatId: ChatId, head: number): void {
    const watched = this.#watched.get(chatId)
    if (watched?.log.raiseHead(head)) for (const cursor of watched.cursors) cursor.wake()
  }
}

class RunningCursor implements Cursor {
  readonly chatId: ChatId
  readonly #log: WatchedLog
  readonly #options: Options
  readonly #forget: () => void
  #after = 0
  #maxChars = PAGE_MAX_BYTES / 4
  #isStarted = false
  #isClosed = false
  #isRunning = false

  constructor(watchedLog: WatchedLog, options: Options, forget: () => void) {
    this.chatId = options.chatId
    this.#log = watchedLog
    this.#options = options
    this.#forget = forget
  }

  get head(): number {
    return this.#log.head
  }

  start(after: number): void {
    this.#after = after
    this.#isStarted = true
    this.wake()
  }

  wake(): void {
    if (this.#isRunning || !this.#isStarted || this.#isClosed) return
    this.#isRunning = true
    void this.#run()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#forget()
  }

  end(): void {
    if (this.#isClosed) return
    this.close()
    this.#options.isOver()
  }

  /** Never rejects. `#isRunning` falls in the same breath as the loop's last look at the head, so no wake is lost. */
  async #run(): Promise<void> {
    try {
      while (!this.#isClosed && this.#after < this.#log.head) if (!(await this.#sendNext())) break
    } catch {
      this.#isRunning = false
      this.end()
      return
    }
    this.#isRunning = false
  }

  /** False when there is nothing to send now; rejects when the client does not answer. */
  async #sendNext(): Promise<boolean> {
    const next = await this.#log.pageAfter(this.#after, this.#maxChars).catch((error: unknown) => {
      log.warn({ err: error, chatId: this.chatId }, 'A page of the log could not be read; the sweep tries again')
      return null
    })
    if (!next || this.#isClosed) return false
    const startedAt = performance.now()
    const applied = await this.#options.send(next.page)
    this.#adapt(performance.now() - startedAt)
    // A client that could not apply the page has found a gap, and subscribes again from where it is.
    this.#after = Math.max(applied, next.lastSeq)
    return true
  }

  #adapt(tookMs: number): void {
    if (tookMs < QUICK_MS) this.#maxChars = Math.min(PAGE_MAX_BYTES, this.#maxChars * 2)
    else if (tookMs > SLOW_MS) this.#maxChars = Math.max(PAGE_MIN_CHARS, this.#maxChars / 2)
  }
}
