/** Somebody who looks at a chat: the browser's own feed over a real socket, through a link that can be disturbed. */
import type { ChatId } from '#core/ids.ts'
import { ChatFeed, type FeedClock, type FeedOptions } from '#components/chat/chat-feed.ts'
import { openSocket } from '#components/realtime/socket.ts'
import { digestOf } from '#e2e/chaos/check.ts'
import type { Shown, WatcherEvidence } from '#e2e/chaos/evidence.ts'
import type { Link } from '#e2e/chaos/link.ts'
import { byToken, createApi } from '#e2e/world/api.ts'

/** Digests cost time on a long chat, and it is the same fold at every frame. */
const NOTE_EVERY_MS = 250

const clock: FeedClock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  nextFrame: (run) => {
    const timer = setTimeout(run, 33)
    return () => clearTimeout(timer)
  },
}

export class Watcher {
  readonly name: string
  readonly chatId: string
  readonly link: Link
  readonly #feed: ChatFeed
  readonly #socket: ReturnType<typeof openSocket>
  readonly #shown: Shown[] = []
  #notedAtMs = 0

  constructor({ name, chatId, link, token }: { name: string; chatId: string; link: Link; token: string }) {
    this.name = name
    this.chatId = chatId
    this.link = link
    const api = createApi(link.url, byToken(token))
    this.#socket = openSocket(link.url, { auth: { token }, transports: ['websocket'], forceNew: true })
    this.#feed = new ChatFeed({
      chatId: chatId as ChatId,
      socket: this.#socket,
      clock,
      readLast: (atLeast) => api.chats.last.query({ chatId, atLeast }) as ReturnType<FeedOptions['readLast']>,
      readStretch: (place, atLeast) => api.chats.stretch.query({ chatId, place, atLeast }) as ReturnType<FeedOptions['readStretch']>,
      readAfter: (afterSeq) => api.chats.eventsAfter.query({ chatId, afterSeq, limit: 500 }) as ReturnType<FeedOptions['readAfter']>,
    })
    this.#feed.subscribe(() => this.#note())
    this.#feed.start()
  }

  get seq(): number {
    return this.#feed.getSnapshot().view.seq
  }
  get isLive(): boolean {
    return this.#feed.getSnapshot().link.is === 'live'
  }

  /** As a page that comes back to the front. */
  wake(): void {
    this.link.resume()
    this.#feed.wake()
  }

  evidence(): WatcherEvidence {
    return { name: this.name, isLive: this.isLive, last: this.#now(), shown: this.#shown }
  }

  close(): void {
    this.#feed.stop()
    this.#socket.disconnect()
    this.link.close()
  }

  #note(): void {
    const now = Date.now()
    if (now - this.#notedAtMs < NOTE_EVERY_MS) return
    this.#notedAtMs = now
    this.#shown.push(this.#now())
  }

  #now(): Shown {
    const { view, logId } = this.#feed.position
    return { logId, seq: view.seq, digest: digestOf(view) }
  }
}
