/** How many facts the one append takes: batches of streamed text of many chats at once, straight into PostgreSQL. */
import { randomUUID } from 'node:crypto'
import type { DaemonFact } from '#core/chat/events.ts'
import type { ChatId, NodeId } from '#core/ids.ts'
import { appendFenced } from '#server/chats/append.ts'
import { pool } from '#server/db/client.ts'

export type Appending = { chats: number; perBatch: number; perSecond: number; batchMs: number }

const NODE = 'node-of-the-benchmark' as NodeId

/** Chats without a team: the statement only wants their heads. Needs an open database. */
async function seedHeads(chats: number): Promise<ChatId[]> {
  const ids = Array.from({ length: chats }, () => randomUUID() as ChatId)
  const { rows } = await pool().query('select "teamId", id as "projectId" from project limit 1')
  for (const id of ids) {
    await pool().query(
      `insert into chat (id, "teamId", "projectId", harness, title, "createdBy") values ($1, $2, $3, 'scripted', '', 'x')`,
      [id, rows[0].teamId, rows[0].projectId],
    )
    await pool().query('insert into chat_head ("chatId", epoch, "nodeId") values ($1, 1, $2)', [id, NODE])
  }
  return ids
}

export async function measureAppend({
  chats,
  perBatch,
  seconds,
}: {
  chats: number
  perBatch: number
  seconds: number
}): Promise<Appending> {
  const ids = await seedHeads(chats)
  const turnId = randomUUID()
  let first = 1
  let batches = 0
  const startedAt = performance.now()
  while (performance.now() - startedAt < seconds * 1_000) {
    const facts = Array.from({ length: perBatch }, (_, at) => ({
      type: 'reply.appended',
      turnId,
      messageId: 'm',
      offset: (first + at) * 40,
      text: 'Forty characters of text that somebody..',
    })) as unknown as DaemonFact[]
    await appendFenced(ids.map((chatId) => ({ chatId, nodeId: NODE, epoch: 1, first, facts })))
    first += perBatch
    batches += 1
  }
  const tookMs = performance.now() - startedAt
  return { chats, perBatch, perSecond: (batches * chats * perBatch * 1_000) / tookMs, batchMs: tookMs / batches }
}
