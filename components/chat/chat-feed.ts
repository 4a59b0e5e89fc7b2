/**
 * Follows one chat's log into a view, outside React. It begins with the end of the
 * transcript, as the server keeps it, and goes on from there. The socket is only the fast
 * path: each subscription is a cursor, and the log decides what is true. While the
 * socket is down, pages are read over tRPC.
 *
 * Whatever arrives twice changes nothing (`core/chat/fold.ts`); whatever leaves a gap
 * is not applied but asked for again from the cursor.
 * Flow: `server/realtime/pump.ts` → here → `use-chat-feed.ts` → the timeline.
 */
import type { ChatEvent } from '#core/chat/events.ts'
import { fold, standing } from '#core/chat/fold.ts'
import { isUnclear, withoutBeginning } from '#core/chat/part.ts'
import { emptyChat, type ChatView } from '#core/chat/view.ts'
import type { LastStretch } from '#core/chat/window.ts'
import type { ChatId } from '#core/ids.ts'
import { browserEvents, HEARTBEAT_EVERY_MS, type Heartbeat, type Page, type SubscribeReply } from '#core/links/browser.ts'
import { Transcript, type TranscriptOptions, type TranscriptState } from '#components/chat/transcript.ts'
import type { z } from 'zod'

// oxlint-disable-next-line typescript/no-explicit-any -- socket.io types its own listeners so
type Listener = (...args: any[]) => void

/** The part of a socket.io connection that a feed uses; the connection is shared by all feeds. */
export type FeedSocket = {
  readonly connected: boolean
  on(event: string, listener: Listener): unknown
  off(event: string, listener: Listener): unknown
  emit(event: string, payload: unknown): unknown
  timeout(ms: number): { emitWithAck(event: string, payload: unknown): Promise<unknown> }
  connect(): unknown
  disconnect(): unknown
}

export type FeedClock = {
  now(): number
  /** Runs once after `ms`; the answer cancels it. */
  after(ms: number, run: () => void): () => void
  /** Runs once before the next painting, or soon when nothing is painted. */
  nextFrame(run: () => void): () => void
}

export type FeedLink =
  | { is: 'live' }
  /** Lost less than two seconds ago: nobody is told. */
  | { is: 'blinking' }
  | { is: 'reconnecting' }
  | { is: 'offline'; lastUpdateAtMs: number | null }
  /** The chat is gone, or not ours to read. */
  | { is: 'refused' }

export type FeedSnapshot = TranscriptState & {
  /** With the newest turns and items: `before` entries stand before them. */
  view: ChatView
  before: number
  link: FeedLink
  isLoaded: boolean
  /** Why nothing is there yet; it is tried again. */
  openFailure: unknown
}
/** What a feed leaves to the next one of its chat. */
export type FeedPosition = { view: ChatView; before: number; logId: number | null }

export type FeedOptions = {
  chatId: ChatId
  socket: FeedSocket
  clock: FeedClock
  /** The end of the transcript, at this place of the log or later. */
  readLast: (atLeast: number) => Promise<LastStretch>
  readStretch: TranscriptOptions['readStretch']
  readAfter: (afterSeq: number) => Promise<{ events: readonly ChatEvent[]; headSeq: number; logId: number }>
  /** What an earlier feed of this chat had, to go on from. */
  from?: FeedPosition
}

/** So many entries stay at the end, and more than that are cut down to it. */
const KEPT_ENTRIES = 120
const MAX_ENTRIES = 240
const OPEN_AGAIN_MS = 1_500

const QUIET_MS = 2_000
const OFFLINE_MS = 10_000
const CALL_TIMEOUT_MS = 4_000
const PING_TIMEOUT_MS = 2_000
const POLL_MS = 5_000
/** A head that is ahead of us is normal while a page travels; after this long it is a lost tail. */
const TAIL_PATIENCE_MS = 2_000
const SILENCE_MS = 2.5 * HEARTBEAT_EVERY_MS

export class ChatFeed {
  readonly #options: FeedOptions
  readonly #listeners = new Set<() => void>()
  readonly #timers = new Map<string, () => void>()
  #isRunning = false
  readonly transcript: Transcript
  #snapshot: FeedSnapshot
  #view: ChatView
  #before: number
  /** Not null: the end must be read, at this place of the log or later, before anything can be followed. */
  #openAt: number | null
  #opening: Promise<void> | null = null
  #openFailure: unknown = null
  #isAtEnd = true
  #logId: number | null
  #link: FeedLink = { is: 'blinking' }
  #isLoaded: boolean
  #lastUpdateAtMs: number | null = null
  #lastTickAtMs = 0
  #isFrameAsked = false
  /** Counts subscriptions: an answer to an older one is not listened to. */
  #attempt = 0
  #reading: Promise<void> | null = null

  constructor(options: FeedOptions) {
    this.#options = options
    this.#view = options.from?.view ?? emptyChat
    this.#logId = options.from?.logId ?? null
    this.#before = options.from?.before ?? 0
    this.#isLoaded = this.#view.seq > 0
    this.#openAt = this.#isLoaded ? null : 0
    this.transcript = new Transcript({
      readStretch: options.readStretch,
      end: () => ({ turns: this.#view.turns, seq: this.#view.seq, logId: this.#logId }),
      changed: () => this.#notify(),
    })
    this.#snapshot = this.#shot()
  }

  #shot(): FeedSnapshot {
    return {
      ...this.transcript.state,
      view: this.#view,
      before: this.#before,
      link: this.#link,
      isLoaded: this.#isLoaded,
      openFailure: this.#openFailure,
    }
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
  readonly getSnapshot = (): FeedSnapshot => this.#snapshot
  /** For the next feed of this chat. */
  get position(): FeedPosition {
    const { view, gone } = withoutBeginning(this.#view, KEPT_ENTRIES)
    return { view, before: this.#before + gone, logId: this.#logId }
  }

  /** Whoever reads the end needs nothing but the end. */
  readonly setAtEnd = (isAtEnd: boolean): void => {
    this.#isAtEnd = isAtEnd
    if (isAtEnd) this.#trim()
  }

  start(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    const { socket, clock } = this.#options
    this.#lastTickAtMs = clock.now()
    socket.on('connect', this.#onConnect)
    socket.on('disconnect', this.#onDisconnect)
    socket.on(browserEvents.page, this.#onPage)
    socket.on(browserEvents.heartbeat, this.#onHeartbeat)
    this.#tick()
    if (socket.connected) void this.#follow()
    else {
      this.#lost()
      void this.catchUp()
    }
  }

  stop(): void {
    if (!this.#isRunning) return
    this.#isRunning = false
    const { socket, chatId } = this.#options
    socket.off('connect', this.#onConnect)
    socket.off('disconnect', this.#onDisconnect)
    socket.off(browserEvents.page, this.#onPage)
    socket.off(browserEvents.heartbeat, this.#onHeartbeat)
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
    this.#isFrameAsked = false
    this.#attempt += 1
    if (socket.connected) socket.emit(browserEvents.unsubscribe, { chatId })
  }

  /** The page may have slept: a sleeping socket looks open, so ask the server and do not trust it. */
  readonly wake = (): void => {
    if (!this.#isRunning || this.#link.is === 'refused') return
    if (this.#options.socket.connected) void this.#follow(PING_TIMEOUT_MS)
    else this.#reconnect()
  }

  readonly retry = (): void => {
    this.#reconnect()
    void this.catchUp()
  }

  /** At once: a mere `connect` would wait for the end of the pause that socket.io makes between its tries. */
  #reconnect(): void {
    this.#options.socket.disconnect()
    this.#options.socket.connect()
  }

  /** Reads the log to its head over tRPC. One reading at a time; a server out of reach ends it quietly. */
  catchUp(): Promise<void> {
    this.#reading ??= this.#readToHead().finally(() => {
      this.#reading = null
    })
    return this.#reading
  }

  /** Reads the end. Resolves also when that fails, and then tries again by itself. */
  #open(): Promise<void> {
    this.#opening ??= this.#readEnd().finally(() => {
      this.#opening = null
    })
    return this.#opening
  }

  async #readEnd(): Promise<void> {
    try {
      const { view, before, logId } = await this.#options.readLast(this.#openAt ?? 0)
      if (!this.#isRunning) return
      // What lies between an earlier end and this one is not here, nor what changed there meanwhile.
      if (this.#view.seq > 0) this.transcript.clear()
      this.#view = view
      this.#before = before
      this.#logId = logId
      this.#openAt = null
      this.#openFailure = null
      this.#isLoaded ||= view.seq > 0
      this.#heardFromServer()
    } catch (error) {
      if (!this.#isRunning) return
      this.#openFailure = error
      this.#after('open', OPEN_AGAIN_MS, () => void (this.#options.socket.connected ? this.#follow() : this.catchUp()))
    }
    this.#notify()
  }

  async #readToHead(): Promise<void> {
    try {
      for (;;) {
        if (this.#openAt !== null) await this.#open()
        if (this.#openAt !== null || !this.#isRunning) return
        const asked = this.#logId
        const askedSeq = this.#view.seq
        const { events, headSeq, logId } = await this.#options.readAfter(askedSeq)
        if (!this.#isRunning) return
        // Meanwhile the socket has brought another log.
        if (this.#logId !== asked) continue
        const before = this.#view.seq
        // The log was put back to an earlier state: what we held then is of another history. What the socket has brought
        // since may well be beyond the answer.
        if (askedSeq > 0 && (headSeq < askedSeq || (asked !== null && logId !== asked))) this.#startOver()
        else {
          this.#logId = logId
          this.#apply(events)
        }
        this.#heardFromServer()
        if (this.#view.seq >= headSeq) this.#loaded()
        if (this.#openAt === null && (this.#view.seq >= headSeq || this.#view.seq === before)) return
      }
    } catch {
      // The link already says that the server is out of reach; the poll or the socket tries again.
    }
  }

  readonly #onConnect = (): void => void this.#follow()

  readonly #onDisconnect = (): void => {
    this.#attempt += 1
    this.#lost()
  }

  /** Subscribes from the cursor; also the way to ask whether the connection is alive. */
  async #follow(timeoutMs = CALL_TIMEOUT_MS): Promise<void> {
    const { socket, chatId } = this.#options
    this.#attempt += 1
    const attempt = this.#attempt
    if (this.#openAt !== null) {
      await this.#open()
      if (attempt !== this.#attempt || !this.#isRunning) return
      if (this.#openAt !== null) return
    }
    let reply: z.infer<typeof SubscribeReply>
    try {
      const answer = await socket
        .timeout(timeoutMs)
        .emitWithAck(browserEvents.subscribe, { chatId, after: this.#view.seq, logId: this.#logId })
      reply = answer as z.infer<typeof SubscribeReply>
    } catch {
      if (attempt !== this.#attempt || !this.#isRunning) return
      // No answer on an open socket: it is dead, or the server is too busy to talk. Either way start a fresh one.
      this.#reconnect()
      void this.catchUp()
      return
    }
    if (attempt !== this.#attempt || !this.#isRunning) return
    switch (reply.is) {
      case 'refused':
        this.#setLink({ is: 'refused' })
        return
      case 'following':
        if (reply.mode === 'snapshot') {
          this.#startOver()
          return this.#follow()
        }
        this.#logId = reply.logId
        this.#heardFromServer()
        this.#found()
        if (this.#view.seq >= reply.head) this.#loaded()
        else this.#expect(reply.head)
    }
  }

  readonly #onPage = (page: Page, acknowledge?: (received: { applied: number }) => void): void => {
    if (page.chatId !== this.#options.chatId) return
    // What follows on the end is asked for when the end is here.
    if (this.#openAt !== null) return acknowledge?.({ applied: this.#view.seq })
    this.#logId ??= page.logId
    const isOtherLog = page.logId !== this.#logId
    const isWhole = !isOtherLog && this.#apply(page.events)
    acknowledge?.({ applied: this.#view.seq })
    this.#heardFromServer()
    if (isOtherLog) this.#startOver()
    if (!isWhole) void this.#follow()
    else if (this.#view.seq >= page.head) this.#loaded()
    else this.#expect(page.head)
  }

  readonly #onHeartbeat = (beat: z.infer<typeof Heartbeat>): void => {
    this.#heardFromServer()
    const mine = beat.heads.find(([chatId]) => chatId === this.#options.chatId)
    // Not in the list: the server does not know that we follow.
    if (!mine) void this.#follow()
    else if (mine[1] > this.#view.seq) this.#expect(mine[1])
  }

  /** True when all were applied or known; false at the first gap. */
  #apply(events: readonly ChatEvent[]): boolean {
    for (const event of events) {
      const stands = standing(this.#view, event)
      if (stands === 'known') continue
      if (stands === 'gap') return false
      if (isUnclear(this.#view, event)) {
        this.#openAt = event.seq
        return false
      }
      this.#view = fold(this.#view, event)
      this.transcript.apply(event)
    }
    this.#trim()
    // Many pages may be missing: drawing each of them would take longer than all of them.
    if (this.#isLoaded) this.#notify()
    return true
  }

  /** The beginning of what is here is forgotten while nobody reads it. */
  #trim(): void {
    if (!this.#isAtEnd && (this.transcript.isJoined || this.transcript.state.reading === null)) return
    const { view, gone } = withoutBeginning(this.#view, MAX_ENTRIES)
    if (gone === 0) return
    const cut = withoutBeginning(view, KEPT_ENTRIES)
    this.#view = cut.view
    this.#before += gone + cut.gone
    if (this.#isAtEnd) this.transcript.clear()
    else this.transcript.part()
  }

  /** What we hold is of another history. */
  #startOver(): void {
    this.#view = emptyChat
    this.#before = 0
    this.#logId = null
    this.#openAt = 0
    this.transcript.clear()
    this.#notify()
  }

  /** Somebody said that the log reaches `head`; if we do not get there soon, ask again. */
  #expect(head: number): void {
    this.#after('tail', TAIL_PATIENCE_MS, () => {
      if (this.#view.seq < head && this.#options.socket.connected) void this.#follow()
    })
  }

  #loaded(): void {
    this.#isLoaded = true
    this.#notify()
  }

  #heardFromServer(): void {
    this.#lastUpdateAtMs = this.#options.clock.now()
    if (this.#link.is === 'offline') this.#setLink({ is: 'reconnecting' })
    if (this.#options.socket.connected) this.#after('silence', SILENCE_MS, this.wake)
    // Polling works although the socket does not: slow, but not offline.
    else if (this.#timers.has('offline')) this.#after('offline', OFFLINE_MS, this.#goOffline)
  }

  #found(): void {
    for (const name of ['quiet', 'offline', 'poll']) this.#cancel(name)
    this.#setLink({ is: 'live' })
  }

  #lost(): void {
    if (this.#link.is === 'refused') return
    this.#cancel('silence')
    this.#setLink({ is: 'blinking' })
    this.#after('quiet', QUIET_MS, () => this.#setLink({ is: 'reconnecting' }))
    this.#after('offline', OFFLINE_MS, this.#goOffline)
    this.#after('poll', POLL_MS, this.#poll)
  }

  readonly #goOffline = (): void => this.#setLink({ is: 'offline', lastUpdateAtMs: this.#lastUpdateAtMs })

  readonly #poll = (): void => {
    if (this.#options.socket.connected) return
    void this.catchUp()
    this.#after('poll', POLL_MS, this.#poll)
  }

  /** A timer that comes much too late was asleep with the machine. */
  readonly #tick = (): void => {
    const now = this.#options.clock.now()
    if (now - this.#lastTickAtMs > 2 * HEARTBEAT_EVERY_MS) this.wake()
    this.#lastTickAtMs = now
    this.#after('tick', HEARTBEAT_EVERY_MS / 2, this.#tick)
  }

  #setLink(link: FeedLink): void {
    this.#link = link
    this.#notify()
  }

  #notify(): void {
    if (this.#isFrameAsked) return
    this.#isFrameAsked = true
    this.#timers.set(
      'frame',
      this.#options.clock.nextFrame(() => {
        this.#isFrameAsked = false
        this.#snapshot = this.#shot()
        for (const listener of this.#listeners) listener()
      }),
    )
  }

  #after(name: string, ms: number, run: () => void): void {
    this.#cancel(name)
    this.#timers.set(
      name,
      this.#options.clock.after(ms, () => {
        this.#timers.delete(name)
        run()
      }),
    )
  }

  #cancel(name: string): void {
    this.#timers.get(name)?.()
    this.#timers.delete(name)
  }
}
