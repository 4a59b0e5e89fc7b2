/**
 * Who is at a chat and who types, in memory: never in the log, never quite true, rebuilt from the pings after
 * any restart. Each process knows its own sockets and hears of the others' over the bus.
 */
import type { ChatId, UserId } from '#core/ids.ts'
import { PRESENCE_EVERY_MS, type Presence } from '#core/links/browser.ts'
import { onHint, publish } from '#server/realtime/bus.ts'

/** Whoever misses three pings is gone. */
const FORGET_AFTER_MS = 3 * PRESENCE_EVERY_MS

type Place = { userId: UserId; name: string; isTyping: boolean; seenAtMs: number }
export type Ping = { chatId: ChatId; place: string; userId: UserId; name: string; isTyping: boolean }

export class PresenceBoard {
  readonly #chats = new Map<ChatId, Map<string, Place>>()
  readonly #changed: (presence: Presence) => void
  readonly #now: () => number
  readonly #stops: (() => void)[]

  /** `changed` is called when what people see has changed, not at each ping. */
  constructor({ changed, now = Date.now }: { changed: (presence: Presence) => void; now?: () => number }) {
    this.#changed = changed
    this.#now = now
    const timer = setInterval(() => this.forget(), PRESENCE_EVERY_MS)
    timer.unref()
    this.#stops = [
      () => clearInterval(timer),
      onHint((hint) => {
        if (hint.about !== 'presence') return
        if (hint.isHere) this.#set(hint)
        else this.#remove(hint.chatId, hint.place)
      }),
    ]
  }

  /** From a socket of this process; `place` names the socket. */
  ping(ping: Ping): void {
    publish({ about: 'presence', isHere: true, ...ping })
  }

  leave(ping: Omit<Ping, 'isTyping'>): void {
    publish({ about: 'presence', isHere: false, isTyping: false, ...ping })
  }

  of(chatId: ChatId): Presence {
    const people = new Map<UserId, Presence['people'][number]>()
    for (const { userId, name, isTyping } of this.#chats.get(chatId)?.values() ?? []) {
      // One person at two screens is one person, who types when one of them does.
      people.set(userId, { userId, name, isTyping: isTyping || (people.get(userId)?.isTyping ?? false) })
    }
    return { chatId, people: [...people.values()].toSorted((one, other) => (one.userId < other.userId ? -1 : 1)) }
  }

  forget(): void {
    const before = this.#now() - FORGET_AFTER_MS
    for (const [chatId, places] of this.#chats) {
      for (const [place, { seenAtMs }] of places) if (seenAtMs < before) this.#remove(chatId, place)
    }
  }

  stop(): void {
    for (const stop of this.#stops) stop()
  }

  #set({ chatId, place, userId, name, isTyping }: Ping): void {
    const shown = JSON.stringify(this.of(chatId))
    const places = this.#chats.get(chatId) ?? new Map<string, Place>()
    this.#chats.set(chatId, places.set(place, { userId, name, isTyping, seenAtMs: this.#now() }))
    this.#tell(chatId, shown)
  }

  #remove(chatId: ChatId, place: string): void {
    const shown = JSON.stringify(this.of(chatId))
    const places = this.#chats.get(chatId)
    places?.delete(place)
    if (places?.size === 0) this.#chats.delete(chatId)
    this.#tell(chatId, shown)
  }

  #tell(chatId: ChatId, shown: string): void {
    const presence = this.of(chatId)
    if (JSON.stringify(presence) !== shown) this.#changed(presence)
  }
}
