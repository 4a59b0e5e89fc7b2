/**
 * What an old part of a log came to, as one event in the place of its events. It *sets*, as a merged text does (`merge.ts`):
 * whoever has applied none, some or all of them comes to the same view, so a log whose beginning is folded is still a log
 * for everybody who reads one. Made by `history-part.ts`, applied by `fold.ts`.
 */
import { type ChatView, type Turn, type TurnItem } from '#core/chat/view.ts'
import type { TurnId } from '#core/ids.ts'

/** A turn that the part touched, with those of its items that it touched, each at its place. */
export type FoldedTurn = Omit<Turn, 'items'> & { items: (readonly [at: number, item: TurnItem])[] }

export type FoldedHistory = {
  /** The turns from the first one on that had not ended when the part began; who is missing was withdrawn. */
  order: TurnId[]
  turns: FoldedTurn[]
  /** Whatever else of the view the part set. */
  around: Partial<Omit<ChatView, 'seq' | 'turns'>>
}

/** The view after the part. Turns that its reader has let go of by then stay gone. */
export function applyHistory(view: ChatView, { order, turns, around }: FoldedHistory): ChatView {
  const folded = new Map(turns.map((turn) => [turn.turnId, turn]))
  const known = new Map(view.turns.map((turn) => [turn.turnId, turn]))
  const after = (turnId: TurnId): Turn[] => {
    const [from, to] = [known.get(turnId), folded.get(turnId)]
    return to ? [{ ...to, items: withItems(from?.items ?? [], to.items) }] : from ? [from] : []
  }
  const moving = new Set(order)
  const settled = view.turns.filter(({ turnId, status }) => !moving.has(turnId) && status !== 'queued')
  return { ...view, ...around, turns: [...settled.flatMap(({ turnId }) => after(turnId)), ...order.flatMap(after)] }
}

function withItems(items: readonly TurnItem[], folded: FoldedTurn['items']): readonly TurnItem[] {
  if (folded.length === 0) return items
  const next = [...items]
  for (const [at, item] of folded) next[at] = item
  return next
}
