/**
 * Collects the events of one part of a log into what they came to (`history.ts`).
 * From: `server/chats/retention.ts`.
 */
import type { ChatEvent, ChatEventOf } from '#core/chat/events.ts'
import { hasEnded } from '#core/chat/fold-turn.ts'
import { fold } from '#core/chat/fold.ts'
import type { FoldedHistory } from '#core/chat/history.ts'
import { emptyChat, type ChatView } from '#core/chat/view.ts'

type Around = keyof FoldedHistory['around']
const aroundKeys = Object.keys(emptyChat).filter((key): key is Around => key !== 'seq' && key !== 'turns')

export class HistoryPart {
  readonly #before: ChatView
  readonly #touched = new Set<Around>()
  #view: ChatView
  #last: ChatEvent | null = null

  /** @param before the view at whose end the part begins */
  constructor(before: ChatView) {
    this.#before = before
    this.#view = before
  }

  get view(): ChatView {
    return this.#view
  }

  /** @param event the one that follows on the view */
  add(event: ChatEvent): void {
    const view = fold(this.#view, event)
    // What is set and set back counts too: somebody may stand in between.
    for (const key of aroundKeys) if (view[key] !== this.#view[key]) this.#touched.add(key)
    this.#view = view
    this.#last = event
  }

  /** Null while nothing was added. */
  event(): ChatEventOf<'history.folded'> | null {
    if (!this.#last) return null
    const { chatId, seq, at } = this.#last
    return { chatId, seq, seqFrom: this.#before.seq + 1, at, type: 'history.folded', ...this.#folded() }
  }

  #folded(): FoldedHistory {
    const before = new Map(this.#before.turns.map((turn) => [turn.turnId, turn]))
    const ids = this.#view.turns.map((turn) => turn.turnId)
    const firstOpen = ids.findIndex((turnId) => !hasEnded(before.get(turnId) ?? { endedAt: null }))
    return {
      order: firstOpen < 0 ? [] : ids.slice(firstOpen),
      turns: this.#view.turns.flatMap((turn) => {
        const former = before.get(turn.turnId)
        if (former === turn) return []
        const items = turn.items.flatMap((item, at) => (former?.items[at] === item ? [] : [[at, item] as const]))
        return [{ ...turn, items }]
      }),
      around: Object.fromEntries([...this.#touched].map((key) => [key, this.#view[key]])),
    }
  }
}
