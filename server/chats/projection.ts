/**
 * Keeps beside each log what it comes to, so that a chat of any length is opened by reading its end. It follows at a
 * distance: no append waits for it, and whoever reads takes what is newer from the log. One event is folded once, by the
 * fold that browsers run, over the few turns and items that it may change (`core/chat/part.ts`).
 * From: the bus, a sweep for what it missed, and `window.ts` when it is far behind. Next: `window.ts`.
 */
import { fold } from '#core/chat/fold.ts'
import { headOf, headOfTurn } from '#core/chat/heads.ts'
import { keyOfEvent, keyOfItem } from '#core/chat/part.ts'
import type { ChatEvent } from '#core/chat/events.ts'
import type { Turn } from '#core/chat/view.ts'
import type { ChatId } from '#core/ids.ts'
import { eachChat } from '#server/chats/each-chat.ts'
import { readEventsAfter } from '#server/chats/events.ts'
import {
  deleteTurns,
  findItems,
  findNextPlace,
  findTurns,
  findWhole,
  holdFolded,
  placedItems,
  writeFolded,
  writeItems,
  writeTurns,
  type ItemRow,
  type TurnRow,
} from '#server/chats/projection-rows.ts'
import { inTransaction, pool, type PoolClient } from '#server/db/client.ts'
import { log } from '#server/log.ts'
import { onHint } from '#server/realtime/bus.ts'

const PAGE_EVENTS = 1_000
const PAGE_BYTES = 4_000_000
/** So far behind a log that grows: opening a chat then sends at most about as many events. */
export const MAX_BEHIND = 400
const SETTLE_MS = 1_000
const SWEEP_EVERY_MS = 30_000
const CHATS_AT_ONCE = 50
const FAILURE = 'What logs come to could not be written yet'

/** To the head of the log. */
export async function project(chatId: ChatId): Promise<void> {
  while (await inTransaction((tx) => projectSome(tx, chatId)));
}

/** True when there is more. */
async function projectSome(tx: PoolClient, chatId: ChatId): Promise<boolean> {
  const folded = await holdFolded(tx, chatId)
  if (!folded || folded.seq >= folded.head) return false
  const events = await readEventsAfter(chatId, { afterSeq: folded.seq, maxEvents: PAGE_EVENTS, maxBytes: PAGE_BYTES }, tx)
  const { known, turns } = await readTurns(tx, chatId, events)
  const before = { ...folded.view, turns }
  const view = events.reduce(fold, before)
  if (view.seq === before.seq) return false
  const kept = new Set(view.turns.map((turn) => turn.turnId as string))
  await deleteTurns(
    tx,
    chatId,
    [...known].map((row) => row.turnId).filter((turnId) => !kept.has(turnId)),
  )
  await writeChanged(tx, chatId, { before: before.turns, after: view.turns, known, events })
  await writeFolded(tx, chatId, { view, logId: folded.logId })
  return view.seq < folded.head
}

/** What the events may change. */
async function readTurns(tx: PoolClient, chatId: ChatId, events: readonly ChatEvent[]): Promise<{ known: TurnRow[]; turns: Turn[] }> {
  // What an old part of the log came to is told of whole turns. Seldom: a chat is projected long before its log is folded.
  if (events.some((event) => event.type === 'history.folded')) {
    const { turns, items } = await findWhole(tx, chatId)
    const itemsOf = (turnId: string) => items.filter((item) => item.turnId === turnId).map(({ item }) => item)
    return { known: turns, turns: turns.map(({ turnId, turn }) => ({ ...turn, items: itemsOf(turnId) })) }
  }
  const turnIds = new Set(events.flatMap((event) => ('turnId' in event && event.turnId !== null ? [event.turnId as string] : [])))
  const known = await findTurns(tx, chatId, [...turnIds])
  const keys = new Set(events.map(keyOfEvent).filter((key) => key !== null))
  const items = await findItems(tx, chatId, { turnIds: known.map((row) => row.turnId), keys: [...keys] })
  return { known, turns: known.map((row) => turnOf(row, items)) }
}

/** With the items that may change; all others are known to be none that an event is about. */
function turnOf({ turnId, itemCount, turn }: TurnRow, items: readonly ItemRow[]): Turn {
  const here = items.filter((item) => item.turnId === turnId)
  return {
    ...turn,
    items: here.map(({ item }) => item),
    part: { count: itemCount, from: itemCount, to: itemCount, places: here.map(({ place }) => place), others: [] },
  }
}

type Change = { before: readonly Turn[]; after: readonly Turn[]; known: readonly TurnRow[]; events: readonly ChatEvent[] }

async function writeChanged(tx: PoolClient, chatId: ChatId, { before, after, known, events }: Change): Promise<void> {
  const places = await placesOf(tx, chatId, { after, known })
  const old = new Map(before.map((turn) => [turn.turnId, turn]))
  const oldPlaces = new Map(known.map((row) => [row.turnId, row.place]))
  const changed = after.filter((turn) => turn !== old.get(turn.turnId) || places.get(turn.turnId) !== oldPlaces.get(turn.turnId))
  await writeTurns(
    tx,
    chatId,
    changed.map((turn) => ({ turn: headOfTurn(turn), place: places.get(turn.turnId)! })),
  )
  const spans = spansOf(events)
  const last = events.at(-1)!.seq
  await writeItems(
    tx,
    chatId,
    changed.flatMap((turn) => {
      const wasHere = new Set(old.get(turn.turnId)?.items)
      const rows = placedItems(turn).filter(({ item }) => !wasHere.has(item))
      return rows.map((row) => {
        const span = spans.get(`${row.turnId} ${keyOfItem(row.item)}`) ?? { seqFrom: last, seqTo: last }
        return { ...row, ...span, item: headOf(row.item) }
      })
    }),
  )
}

/** Turns that wait change places among themselves; new ones come last. */
async function placesOf(tx: PoolClient, chatId: ChatId, { after, known }: Pick<Change, 'after' | 'known'>): Promise<Map<string, number>> {
  const own = new Map(known.map((row) => [row.turnId, row.place]))
  const places = after.flatMap((turn) => own.get(turn.turnId) ?? []).toSorted((one, two) => one - two)
  const next = places.length < after.length ? await findNextPlace(tx, chatId) : 0
  return new Map(after.map((turn, at) => [turn.turnId, places[at] ?? next + at - places.length]))
}

function spansOf(events: readonly ChatEvent[]): Map<string, { seqFrom: number; seqTo: number }> {
  const spans = new Map<string, { seqFrom: number; seqTo: number }>()
  const mark = (key: string, { seqFrom, seq }: ChatEvent) => spans.set(key, { seqFrom: spans.get(key)?.seqFrom ?? seqFrom, seqTo: seq })
  for (const event of events) {
    if (event.type === 'history.folded') {
      for (const turn of event.turns) for (const [, item] of turn.items) mark(`${turn.turnId} ${keyOfItem(item)}`, event)
    }
    if (!('turnId' in event)) continue
    mark(`${event.turnId} ${keyOfEvent(event)}`, event)
  }
  return spans
}

/** Chats whose turn is over and whose log has more than was folded, or much more. */
async function findBehind(chats: readonly ChatId[] | null): Promise<ChatId[]> {
  const { rows } = await pool().query<{ chatId: ChatId }>(
    `select h."chatId" from chat_head h left join chat_folded f on f."chatId" = h."chatId"
     where ($1::uuid[] is null or h."chatId" = any($1)) and h.head > coalesce(f.seq, 0)
       and (h."activeTurn" is null or h.head > coalesce(f.seq, 0) + $2) limit $3`,
    [chats, MAX_BEHIND, CHATS_AT_ONCE],
  )
  return rows.map((row) => row.chatId)
}

/** Follows all chats from now on, and first folds what was written before. Returns how to stop. */
export function startProjecting(): () => Promise<void> {
  const due = new Set<ChatId>()
  let timer: NodeJS.Timeout | undefined
  let working: Promise<void> = Promise.resolve()
  let isStopped = false

  const work = async (chats: readonly ChatId[] | null): Promise<void> => {
    const done = new Set<ChatId>()
    for (let isMore = true; isMore && !isStopped;) {
      const behind = await findBehind(chats)
      // One that stays behind is not asked for again at once.
      isMore = behind.length === CHATS_AT_ONCE && behind.some((chatId) => !done.has(chatId))
      const projectNext = async (chatId: ChatId): Promise<void> => {
        done.add(chatId)
        if (!isStopped) await project(chatId)
      }
      await eachChat(behind, projectNext, FAILURE)
    }
  }
  const next = (job: () => Promise<void>): void => {
    working = working.then(job).catch((error: unknown) => log.warn({ err: error }, FAILURE))
  }
  const offHint = onHint((hint) => {
    if (hint.about !== 'log' || isStopped) return
    due.add(hint.chatId)
    timer ??= setTimeout(() => {
      timer = undefined
      const chats = [...due]
      due.clear()
      next(() => work(chats))
    }, SETTLE_MS).unref()
  })
  next(() => work(null))
  const sweeping = setInterval(() => next(() => work(null)), SWEEP_EVERY_MS).unref()
  return async () => {
    isStopped = true
    offHint()
    clearTimeout(timer)
    clearInterval(sweeping)
    await working
  }
}
