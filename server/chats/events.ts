/**
 * The rows of the log: how a fact is written, and how pages are read, for `chats.eventsAfter` and for the pump.
 * Only `append.ts` writes them, and what is read here is committed.
 */
import type { ChatEvent, ChatFact } from '#core/chat/events.ts'
import type { ChatId } from '#core/ids.ts'
import { pool, type PoolClient } from '#server/db/client.ts'

type EventRow = { chatId: string; seq: string; seqFrom: string; type: string; payload: object; at: Date }

/** What was stored had been parsed when it was written; it is not parsed again on each read. */
const toEvent = ({ chatId, seq, seqFrom, type, payload, at }: EventRow): ChatEvent =>
  ({ ...payload, type, chatId, seq: Number(seq), seqFrom: Number(seqFrom), at: at.toISOString() }) as ChatEvent

/** The JSON for `payload`: the fact without its type. */
export const toPayload = ({ type: _, ...rest }: ChatFact): string => toJson(rest)

/** In characters that PostgreSQL's jsonb can hold. */
export function toJson(value: object): string {
  const json = JSON.stringify(value)
  return SUSPECT.test(json) ? JSON.stringify(storable(value)) : json
}

/** NUL, and halves of surrogate pairs, as JSON escapes them. Agents print both; jsonb refuses both. */
const SUSPECT = /\\u(?:0000|d[89a-f])/i

/** One character stands for each that is replaced, so that offsets into a text still hold. */
const storableText = (text: string): string => text.replaceAll('\0', '\u2400').toWellFormed()

/** The same value in characters that PostgreSQL can hold. */
export function storable<T>(value: T): T
export function storable(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value)
  if (Array.isArray(value)) return value.map((each: unknown) => storable(each))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [storableText(key), storable(inner)]))
}

/** `floor`: up to here the log is kept as what its parts came to. */
export type LogHead = { head: number; logId: number; floor: number }

/** Null when there is no such chat. */
export async function readHead(chatId: ChatId, db: Pick<PoolClient, 'query'> = pool()): Promise<LogHead | null> {
  const { rows } = await db.query('select head, "logId", floor from chat_head where "chatId" = $1', [chatId])
  return rows[0] ? toHead(rows[0]) : null
}

export async function readHeads(chats: readonly ChatId[]): Promise<Map<ChatId, LogHead>> {
  const { rows } = await pool().query('select "chatId", head, "logId", floor from chat_head where "chatId" = any($1)', [chats])
  return new Map(rows.map(({ chatId, ...row }) => [chatId, toHead(row)]))
}

const toHead = ({ head, logId, floor }: { head: string; logId: number; floor: string }): LogHead => ({
  head: Number(head),
  logId,
  floor: Number(floor),
})

/** The events after `afterSeq`, at most `maxEvents` and about `maxBytes` of JSON, but one at least when there is one. */
export async function readEventsAfter(
  chatId: ChatId,
  { afterSeq, maxEvents, maxBytes }: { afterSeq: number; maxEvents: number; maxBytes: number },
  db: Pick<PoolClient, 'query'> = pool(),
): Promise<ChatEvent[]> {
  // The stored size, often compressed, bounds what leaves the database; the length of the JSON what leaves us.
  const { rows } = await db.query<EventRow>(
    `select "chatId", seq, "seqFrom", type, payload, at from (
       select *, sum(pg_column_size(payload)) over (order by seq) - pg_column_size(payload) as "before" from (
         select * from chat_event where "chatId" = $1 and seq > $2 order by seq limit $3) page) sized
     where "before" < $4 order by seq`,
    [chatId, afterSeq, maxEvents, maxBytes],
  )
  return withinBytes(rows.map(toEvent), maxBytes)
}

/** What a log holds of one call between two places, and the old parts there, of whatever they tell. */
export async function readEventsOf(
  chatId: ChatId,
  { turnId, toolCallId, seqFrom, seqTo }: { turnId: string; toolCallId: string; seqFrom: number; seqTo: number },
): Promise<ChatEvent[]> {
  const { rows } = await pool().query<EventRow>(
    `select "chatId", seq, "seqFrom", type, payload, at from chat_event
     where "chatId" = $1 and seq >= $2 and "seqFrom" <= $3 and (type = 'history.folded'
       or (type in ('tool.called', 'tool.updated') and payload->>'toolCallId' = $4 and payload->>'turnId' = $5)) order by seq`,
    [chatId, seqFrom, seqTo, toolCallId, turnId],
  )
  return rows.map(toEvent)
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
