/** A fact as a row of the log, and back. */
import type { ChatEvent, ChatFact } from '#core/chat/events.ts'

export type EventRow = { chatId: string; seq: string; seqFrom: string; type: string; payload: object; at: Date }

/** What was stored had been parsed when it was written; it is not parsed again on each read. */
export const toEvent = ({ chatId, seq, seqFrom, type, payload, at }: EventRow): ChatEvent =>
  ({ ...payload, type, chatId, seq: Number(seq), seqFrom: Number(seqFrom), at: at.toISOString() }) as ChatEvent

/** The JSON for `payload`: the fact without its type, in characters that PostgreSQL's jsonb can hold. */
export function toPayload({ type: _, ...rest }: ChatFact): string {
  const json = JSON.stringify(rest)
  return SUSPECT.test(json) ? JSON.stringify(storable(rest)) : json
}

/** NUL, and halves of surrogate pairs, as JSON escapes them. Agents print both; jsonb refuses both. */
const SUSPECT = /\\u(?:0000|d[89a-f])/i

/** One character stands for each that is replaced, so that offsets into a text still hold. */
const storableText = (text: string): string => text.replaceAll('\0', '\u2400').toWellFormed()

function storable(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value)
  if (Array.isArray(value)) return value.map(storable)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [storableText(key), storable(inner)]))
}
