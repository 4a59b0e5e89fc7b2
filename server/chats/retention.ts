/**
 * What becomes of a log when its chat has rested for long: its events give way to what parts of them came to
 * (`core/chat/history-part.ts`). The view at the end of each part stays what it was, and so does everything that is read of a
 * log: pages, exports, summaries. Single events can no longer be told apart up to the chat's `floor`.
 * Started by `server/run.ts`, where GATEHOUSE_KEEP_EVENTS_DAYS says so; any number of servers may do it at once.
 */
import type { ChatEvent } from '#core/chat/events.ts'
import { fold } from '#core/chat/fold.ts'
import { HistoryPart } from '#core/chat/history-part.ts'
import { emptyChat, type ChatView } from '#core/chat/view.ts'
import type { ChatId } from '#core/ids.ts'
import { eachChat } from '#server/chats/each-chat.ts'
import { readEventsAfter, toPayload } from '#server/chats/events.ts'
import { holdRewriting, repeatedly } from '#server/chats/rewriting.ts'
import { inTransaction, pool, type PoolClient } from '#server/db/client.ts'

const EVERY_MS = 600_000
const CHATS_AT_ONCE = 20
const PAGE = { maxEvents: 1_000, maxBytes: 4_000_000 }
/** About as much JSON as a page to a browser may hold; what the events of a part come to is smaller. */
const PART_CHARS = 200_000
const FAILURE = 'Old parts of logs could not be folded yet'

export const foldHistoriesRegularly = ({ keepDays }: { keepDays: number }): (() => Promise<void>) =>
  repeatedly(() => foldRested({ keepDays }), { everyMs: EVERY_MS, failure: FAILURE })

/** Folds what has grown in chats in which nothing has happened for `keepDays`, some at a time. */
export async function foldRested({ keepDays }: { keepDays: number }): Promise<void> {
  const { rows } = await pool().query<{ chatId: ChatId }>(
    `select h."chatId" from chat_head h join chat c on c.id = h."chatId" join chat_indexed i on i."chatId" = h."chatId" and i.seq = h.head
     where h.head > h.floor and h."activeTurn" is null and c."lastActivityAt" < now() - $1 * interval '1 day'
     order by c."lastActivityAt" limit $2`,
    [keepDays, CHATS_AT_ONCE],
  )
  await eachChat(
    rows.map(({ chatId }) => chatId),
    foldHistory,
    FAILURE,
  )
}

/**
 * Everything up to the head of now, unless a turn runs or another server rewrites the log. What the search has not read yet
 * stays until it has, since it reads single events.
 */
export const foldHistory = (chatId: ChatId): Promise<void> =>
  inTransaction(async (tx) => {
    if (!(await holdRewriting(tx, chatId))) return
    const { rows } = await tx.query(
      `select h.head, h.floor from chat_head h join chat_indexed i on i."chatId" = h."chatId"
       where h."chatId" = $1 and h."activeTurn" is null and i.seq >= h.head`,
      [chatId],
    )
    if (!rows[0]) return
    const [head, floor] = [Number(rows[0].head), Number(rows[0].floor)]
    let view = emptyChat
    for await (const event of eventsUpTo(tx, chatId, { after: 0, upTo: floor })) view = fold(view, event)
    for await (const events of partsOf(eventsUpTo(tx, chatId, { after: floor, upTo: head }))) view = await replace(tx, view, events)
    await tx.query('update chat_head set floor = $2, "compactedTo" = $2 where "chatId" = $1', [chatId, head])
  })

async function* eventsUpTo(tx: PoolClient, chatId: ChatId, { after, upTo }: { after: number; upTo: number }): AsyncGenerator<ChatEvent> {
  for (let cursor = after; cursor < upTo;) {
    const page = (await readEventsAfter(chatId, { afterSeq: cursor, ...PAGE }, tx)).filter((event) => event.seq <= upTo)
    if (page.length === 0) return
    yield* page
    cursor = page.at(-1)!.seq
  }
}

async function* partsOf(events: AsyncIterable<ChatEvent>): AsyncGenerator<ChatEvent[]> {
  let part: ChatEvent[] = []
  let chars = 0
  for await (const event of events) {
    part.push(event)
    chars += JSON.stringify(event).length
    if (chars < PART_CHARS) continue
    yield part
    part = []
    chars = 0
  }
  if (part.length > 0) yield part
}

/** Puts what the part came to into its place; resolves to the view after it. */
async function replace(tx: PoolClient, before: ChatView, events: readonly ChatEvent[]): Promise<ChatView> {
  const part = new HistoryPart(before)
  for (const event of events) part.add(event)
  const folded = part.event()
  // One event alone says no less than what it came to.
  if (folded && events.length > 1) {
    const { chatId, seq, seqFrom, at, ...fact } = folded
    await tx.query('delete from chat_event where "chatId" = $1 and seq between $2 and $3', [chatId, seqFrom, seq])
    await tx.query('insert into chat_event ("chatId", seq, "seqFrom", type, payload, at) values ($1, $2, $3, $4, $5, $6)', [
      chatId,
      seq,
      seqFrom,
      fact.type,
      toPayload(fact),
      at,
    ])
  }
  return part.view
}
