/** Pages of a chat's log, for `chats.eventsAfter` and for the pump. Reads only what is committed. */
import type { ChatEvent } from '#core/chat/events.ts'
import type { ChatId } from '#core/ids.ts'
import { toEvent, type EventRow } from '#server/chats/event-row.ts'
import { pool } from '#server/db/client.ts'

export type LogHead = { head: number; logId: number }

/** Null when there is no such chat. */
export async function readHead(chatId: ChatId): Promise<LogHead | null> {
  const { rows } = await pool().query('select head, "logId" from chat_head where "chatId" = $1', [chatId])
  return rows[0] ? { head: Number(rows[0].head), logId: rows[0].logId } : null
}

export async function readHeads(chats: readonly ChatId[]): Promise<Map<ChatId, LogHead>> {
  const { rows } = await pool().query('select "chatId", head, "logId" from chat_head where "chatId" = any($1)', [chats])
  return new Map(rows.map(({ chatId, head, logId }) => [chatId, { head: Number(head), logId }]))
}

/** The events after `afterSeq`, at most `maxEvents` and about `maxBytes` of JSON, but one at least when there is one. */
export async function readEventsAfter(
  chatId: ChatId,
  { afterSeq, maxEvents, maxBytes }: { afterSeq: number; maxEvents: number; maxBytes: number },
): Promise<ChatEvent[]> {
  // The stored size, often compressed, bounds what leaves the database; the length of the JSON what leaves us.
  const { rows } = await pool().query<EventRow>(
    `select "chatId", seq, "seqFrom", type, payload, at from (
       select *, sum(pg_column_size(payload)) over (order by seq) - pg_column_size(payload) as "before" from (
         select * from chat_event where "chatId" = $1 and seq > $2 order by seq limit $3) page) sized
     where "before" < $4 order by seq`,
    [chatId, afterSeq, maxEvents, maxBytes],
  )
  return withinBytes(rows.map(toEvent), maxBytes)
}

/** The longest beginning whose JSON stays within `maxBytes` (counted in characters), never empty for a non-empty list. */
export function withinBytes(events: readonly ChatEvent[], maxBytes: number): ChatEvent[] {
  let bytes = 0
  const end = events.findIndex((event, at) => {
    bytes += JSON.stringify(event).length
    return at > 0 && bytes > maxBytes
  })
  return end < 0 ? [...events] : events.slice(0, end)
}
