/**
 * Folds a turn of which only some items are here, to what those items are in the fold of the whole log.
 *
 * A view that lacks turns and items folds as the whole does as long as it holds (1) every turn that has not ended, without
 * its items, (2) every open question, and (3) of each such turn the keys of the items it lacks: then an event either
 * changes an item that is here, or one that is known to be elsewhere, or begins a new one. Ended turns change no more but
 * by what comes late; where that may belong to an item that is not here, `isUnclear` says so, and the turn is read again.
 */
import type { ChatEvent } from '#core/chat/events.ts'
import { foldTurn, shown, waiting } from '#core/chat/fold-turn.ts'
import { askingId, askingKey, isAskingKey, isOpenAsking } from '#core/chat/asking.ts'
import type { ChatView, Turn, TurnItem, TurnPart } from '#core/chat/view.ts'

/** Items are read in segments, so that rows which fold several into one are the same wherever reading began. */
export const SEGMENT_ITEMS = 25

/** Unique within its turn; null for items that nothing changes any more. */
export function keyOfItem(item: TurnItem): string | null {
  switch (item.is) {
    case 'reply':
    case 'thought':
      return `${item.is} ${item.messageId}`
    case 'tool':
      return `tool ${item.toolCallId}`
    case 'permission':
    case 'elicitation':
    case 'question':
      return askingKey(item.is, askingId(item))
    case 'model-failure':
    case 'moved':
    case 'run-note':
      return null
  }
}

/** The key of the item that an event begins or changes; null when it is about none. */
export function keyOfEvent(event: ChatEvent): string | null {
  switch (event.type) {
    case 'reply.appended':
      return `reply ${event.messageId}`
    case 'thought.appended':
      return `thought ${event.messageId}`
    case 'tool.called':
    case 'tool.updated':
      return `tool ${event.toolCallId}`
    case 'permission.requested':
    case 'permission.answered':
    case 'permission.closed':
      return askingKey('permission', event.requestId)
    case 'elicitation.requested':
    case 'elicitation.answered':
    case 'elicitation.closed':
      return askingKey('elicitation', event.requestId)
    case 'question.asked':
    case 'question.answered':
      return askingKey('question', event.questionId)
    default:
      return null
  }
}

const holds = (turn: Turn, key: string): boolean => turn.items.some((item) => keyOfItem(item) === key)

/**
 * Whether nobody can tell from this view what an event changes: late output of an ended turn that is here in part, or what
 * an old part of the log came to, which is told of whole turns.
 */
export function isUnclear(view: ChatView, event: ChatEvent): boolean {
  if (event.type === 'history.folded') return view.seq > 0
  const turnId = 'turnId' in event ? event.turnId : null
  if (turnId === null) return false
  const turn = view.turns.findLast((each) => each.turnId === turnId)
  return turn !== undefined && isUnclearIn(turn, event)
}

/** The same of one turn. Answers to questions are clear: those of ended turns are closed. */
export function isUnclearIn(turn: Turn, event: ChatEvent): boolean {
  if (turn.part?.others !== null || turn.part === undefined) return false
  const key = keyOfEvent(event)
  return key !== null && !isAskingKey(key) && !holds(turn, key)
}

/** `foldTurn` for a turn that may be here in part. */
export function foldPart(turn: Turn, event: ChatEvent): Turn {
  const { part } = turn
  if (!part) return foldTurn(turn, event)
  const key = keyOfEvent(event)
  if (key !== null && !holds(turn, key) && (part.others === null || part.others.includes(key))) return foldElsewhere(turn, event)
  const after = foldTurn(turn, event)
  return after.items.length === turn.items.length ? after : { ...after, ...grown(turn, after, part) }
}

/** The turn with one item more at its end. */
export const withItem = (turn: Turn, item: TurnItem): Turn => {
  const after = { ...turn, items: [...turn.items, item] }
  return turn.part ? { ...after, ...grown(turn, after, turn.part) } : after
}

/** One item more, which is here only when the end of the turn is. */
function grown(before: Turn, after: Turn, part: TurnPart): Pick<Turn, 'items' | 'part'> {
  const count = part.count + 1
  if (part.to !== part.count) return { items: before.items, part: { ...part, count } }
  return { items: after.items, part: { ...part, count, to: count, places: [...part.places, part.count] } }
}

/** What an event about an item that is not here does to its turn. */
function foldElsewhere(turn: Turn, event: ChatEvent): Turn {
  switch (event.type) {
    case 'reply.appended':
    case 'thought.appended':
    case 'tool.called':
      return shown(turn)
    case 'permission.requested':
    case 'elicitation.requested':
    case 'question.asked':
      return waiting(turn)
    default:
      return turn
  }
}

/** The number of each item that is here. */
export const placeOf = (turn: Turn, index: number): number => turn.part?.places[index] ?? index

/** Whether the beginning, with the prompt, and the end of a turn are here. */
export const startsHere = ({ part }: Pick<Turn, 'part'>): boolean => part === undefined || part.from === 0
export const endsHere = ({ part }: Pick<Turn, 'part'>): boolean => part === undefined || part.to === part.count

/** The same turn with its items from number `from` on; before it only open questions stay. */
export function withoutBefore(turn: Turn, from: number): Turn {
  if (from <= (turn.part?.from ?? 0)) return turn
  const part = turn.part ?? { count: turn.items.length, from: 0, to: turn.items.length, places: turn.items.map((_, at) => at), others: [] }
  const stays = (index: number): boolean => {
    const item = turn.items[index]!
    return part.places[index]! >= from || isOpenAsking(item)
  }
  const gone = turn.items.flatMap((item, index) => (stays(index) ? [] : [keyOfItem(item)])).filter((key) => key !== null)
  return {
    ...turn,
    items: turn.items.filter((_, index) => stays(index)),
    part: {
      ...part,
      from,
      places: part.places.filter((_, index) => stays(index)),
      others: turn.endedAt === null && part.others ? [...part.others, ...gone] : null,
    },
  }
}

/** An entry is what is scrolled and counted: a prompt, or an item of a turn. */
export const entriesOf = (turn: Turn): number =>
  (startsHere(turn) ? 1 : 0) + (turn.part ? turn.part.to - turn.part.from : turn.items.length)

/** The same turn with its items before number `to`, and without its end. */
export function withoutFrom(turn: Turn, to: number): Turn {
  if (to >= (turn.part?.to ?? turn.items.length)) return turn
  const part = turn.part ?? {
    count: turn.items.length,
    from: 0,
    to: turn.items.length,
    places: turn.items.map((_, at) => at),
    others: null,
  }
  const places = part.places.filter((place) => place < to)
  return { ...turn, items: turn.items.slice(0, places.length), part: { ...part, to, places, others: null } }
}

/** The last turns of a view, about `keep` entries of them, and whatever has not ended: what is left out is counted in `gone`. */
export function withoutBeginning(view: ChatView, keep: number): { view: ChatView; gone: number } {
  const sizes = view.turns.map(entriesOf)
  let left = keep
  let at = view.turns.length
  while (at > 0 && left > 0) left -= sizes[(at -= 1)]!
  const border = view.turns[at]
  // Whole segments stay, so that what is read again fits to them.
  const items = border ? (border.part?.from ?? 0) + Math.floor(Math.max(0, -left - 1) / SEGMENT_ITEMS) * SEGMENT_ITEMS : 0
  const turns = view.turns.flatMap((turn, index) => {
    if (index > at) return [turn]
    if (index === at) return [withoutBefore(turn, items)]
    return turn.endedAt === null ? [withoutBefore(turn, turn.part?.count ?? turn.items.length)] : []
  })
  const total = (of: readonly Turn[]) => of.reduce((sum, turn) => sum + entriesOf(turn), 0)
  return { view: { ...view, turns }, gone: total(view.turns) - total(turns) }
}
