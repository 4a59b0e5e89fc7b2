/**
 * Makes a log small once its turns are over: the many pieces of an agent's text become one row for each message that
 * nothing interrupts (`core/chat/merge.ts`). Head, order and meaning stay, so whoever follows notices nothing, at
 * whatever cursor. Started by `server/run.ts`; any number of servers may do it at once.
 */
import type { ChatEventOf } from '#core/chat/events.ts'
import { mergeText } from '#core/chat/merge.ts'
import type { ChatId } from '#core/ids.ts'
import { eachChat } from '#server/chats/each-chat.ts'
import { readEventsAfter, toPayload } from '#server/chats/events.ts'
import { holdRewriting, repeatedly } from '#server/chats/rewriting.ts'
import { inTransaction, pool, type PoolClient } from '#server/db/client.ts'

const EVERY_MS = 30_000
/** Until then most who watched have seen the pieces, and nobody is sent the same text a second time. */
const REST_MS = 600_000
const CHATS_AT_ONCE = 20
const PAGE_EVENTS = 1_000
const PAGE_BYTES = 4_000_000
const FAILURE = 'Logs could not be compacted yet'

type Merged = ChatEventOf<'reply.appended' | 'thought.appended'>

export const compactRegularly = (): (() => Promise<void>) =>
  repeatedly(() => compactRested(REST_MS), { everyMs: EVERY_MS, failure: FAILURE })

/** Compacts what has grown in chats that have rested for `restMs`, some at a time. */
export async function compactRested(restMs: number): Promise<void> {
  const { rows } = await pool().query<{ chatId: ChatId }>(
    `select h."chatId" from chat_head h join chat c on c.id = h."chatId"
     where h.head > h."compactedTo" and h."activeTurn" is null and c."lastActivityAt" < now() - $1 * interval '1 millisecond'
     order by c."lastActivityAt" limit $2`,
    [restMs, CHATS_AT_ONCE],
  )
  await eachChat(
    rows.map(({ chatId }) => chatId),
    compact,
    FAILURE,
  )
}

/** From where it stopped last to the head of now, unless a turn runs or another server is at it. */
export const compact = (chatId: ChatId): Promise<void> =>
  inTransaction(async (tx) => {
    if (!(await holdRewriting(tx, chatId))) return
    const { rows } = await tx.query('select head, "compactedTo" from chat_head where "chatId" = $1 and "activeTurn" is null', [chatId])
    if (!rows[0]) return
    const head = Number(rows[0].head)
    for (let after = Number(rows[0].compactedTo); after < head;) {
      const page = await readEventsAfter(chatId, { afterSeq: after, maxEvents: PAGE_EVENTS, maxBytes: PAGE_BYTES }, tx)
      const events = page.filter((event) => event.seq <= head)
      if (events.length === 0) break
      await replace(tx, chatId, mergeText(events))
      after = events.at(-1)!.seq
    }
    await tx.query('update chat_head set "compactedTo" = $2 where "chatId" = $1', [chatId, head])
  })

async function replace(tx: PoolClient, chatId: ChatId, merged: readonly Merged[]): Promise<void> {
  if (merged.length === 0) return
  const payloads = merged.map(({ chatId: _, seq: __, seqFrom: ___, at: ____, ...fact }) => toPayload(fact))
  await tx.query(
    `with m as (select * from unnest($2::bigint[], $3::bigint[], $4::text[]) as m(seq, "seqFrom", payload)),
          gone as (delete from chat_event e using m where e."chatId" = $1 and e.seq >= m."seqFrom" and e.seq < m.seq)
     update chat_event e set "seqFrom" = m."seqFrom", payload = m.payload::jsonb from m where e."chatId" = $1 and e.seq = m.seq`,
    [chatId, merged.map((each) => each.seq), merged.map((each) => each.seqFrom), payloads],
  )
}
