/** For tests and benchmarks: puts a whole log into the database at once, as if it had been appended long ago. */
import type { ChatEvent } from '#core/chat/events.ts'
import type { ChatId } from '#core/ids.ts'
import { toPayload } from '#server/chats/events.ts'
import { pool, type PoolClient } from '#server/db/client.ts'

const ROWS_AT_ONCE = 2_000

/** The events follow on what the log of the chat holds, and say its id nowhere: theirs is not looked at. */
export async function loadLog(chatId: ChatId, events: readonly ChatEvent[], db: Pick<PoolClient, 'query'> = pool()): Promise<void> {
  for (let at = 0; at < events.length; at += ROWS_AT_ONCE) {
    const rows = events.slice(at, at + ROWS_AT_ONCE)
    await db.query(
      `insert into chat_event ("chatId", seq, "seqFrom", type, payload, at)
       select $1, * from unnest($2::bigint[], $3::bigint[], $4::text[], $5::jsonb[], $6::timestamptz[])`,
      [
        chatId,
        rows.map((event) => event.seq),
        rows.map((event) => event.seqFrom),
        rows.map((event) => event.type),
        rows.map(({ chatId: _, seq: __, seqFrom: ___, at: ____, ...fact }) => toPayload(fact)),
        rows.map((event) => event.at),
      ],
    )
  }
  await db.query('update chat_head set head = $2 where "chatId" = $1', [chatId, events.at(-1)?.seq ?? 0])
}
