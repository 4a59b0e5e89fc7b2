/** Of two chats, the one that is met first fails each time: the other is done all the same. */
import { randomUUID } from 'node:crypto'
import { afterEach, expect, it, vi } from 'vitest'
import type { ChatFact, DaemonFact } from '#core/chat/events.ts'
import type { ChatId, NodeId, TurnId } from '#core/ids.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { appendFenced, recordServerFacts } from '#server/chats/append.ts'
import { compactRested } from '#server/chats/compaction.ts'
import { startProjecting } from '#server/chats/projection.ts'
import { foldRested } from '#server/chats/retention.ts'
import { pool } from '#server/db/client.ts'
import { seedChat, seedTeamScope } from '#server/db/testing.ts'
import { indexChat, startIndexing } from '#server/search/indexer.ts'

afterEach(() => pool().query('drop function refuse cascade'))

/** A turn that ended days ago. */
async function seedRested(scope: TeamScope, { days, isRead }: { days: number; isRead: boolean }): Promise<ChatId> {
  const chatId = await seedChat(scope)
  const turnId = randomUUID() as TurnId
  const nodeId = 'node-1' as NodeId
  await pool().query('update chat_head set epoch = 1, "nodeId" = $2 where "chatId" = $1', [chatId, nodeId])
  await recordServerFacts(chatId, [
    { type: 'turn.requested', turnId, by: scope.userId, prompt: [{ type: 'text', text: 'Go' }] } as ChatFact,
  ])
  const facts = [
    { type: 'turn.accepted', turnId },
    ...[0, 1, 2].map((offset) => ({ type: 'reply.appended', turnId, messageId: 'm', offset, text: 'x' })),
    { type: 'turn.ended', turnId, outcome: 'completed', stopReason: 'end_turn' },
  ] as DaemonFact[]
  await appendFenced([{ chatId, nodeId, epoch: 1, first: 1, facts }])
  if (isRead) await indexChat(chatId)
  await pool().query(`update chat set "lastActivityAt" = now() - $2 * interval '1 day' where id = $1`, [chatId, days])
  return chatId
}

type Breaks = { table: string; on: 'insert' | 'update'; isRead?: boolean }

async function twoOfWhich({ table, on, isRead = true }: Breaks): Promise<{ broken: ChatId; sound: ChatId }> {
  const scope = await seedTeamScope()
  const [broken, sound] = [await seedRested(scope, { days: 9, isRead }), await seedRested(scope, { days: 8, isRead })]
  await pool().query(
    `create function refuse() returns trigger language plpgsql as 'begin raise exception ''broken on purpose''; end';
     create trigger refuse before ${on} on ${table} for each row when (new."chatId" = '${broken}') execute function refuse()`,
  )
  return { broken, sound }
}

const headOf = async (chatId: ChatId) => {
  const { rows } = await pool().query('select head, floor, "compactedTo" from chat_head where "chatId" = $1', [chatId])
  return { head: Number(rows[0].head), floor: Number(rows[0].floor), compactedTo: Number(rows[0].compactedTo) }
}

it('compacts', async () => {
  const { broken, sound } = await twoOfWhich({ table: 'chat_head', on: 'update' })
  await compactRested(1_000)
  expect(await headOf(sound)).toEqual({ head: 6, floor: 0, compactedTo: 6 })
  expect(await headOf(broken)).toEqual({ head: 6, floor: 0, compactedTo: 0 })
})

it('folds what is old', async () => {
  const { broken, sound } = await twoOfWhich({ table: 'chat_head', on: 'update' })
  await foldRested({ keepDays: 1 })
  expect(await headOf(sound)).toEqual({ head: 6, floor: 6, compactedTo: 6 })
  expect(await headOf(broken)).toEqual({ head: 6, floor: 0, compactedTo: 0 })
})

it('writes what logs come to', async () => {
  const { broken, sound } = await twoOfWhich({ table: 'chat_turn', on: 'insert' })
  const stop = startProjecting()
  try {
    await vi.waitFor(async () => {
      const { rows } = await pool().query('select "chatId", seq::int from chat_folded where "chatId" = any($1) and seq > 0', [
        [broken, sound],
      ])
      expect(rows).toEqual([{ chatId: sound, seq: 6 }])
    }, 30_000)
  } finally {
    await stop()
  }
})

it('reads for the search', async () => {
  const { broken, sound } = await twoOfWhich({ table: 'chat_text', on: 'insert', isRead: false })
  const stop = startIndexing()
  try {
    await vi.waitFor(async () => {
      const { rows } = await pool().query('select "chatId", seq::int from chat_indexed where "chatId" = any($1) and seq > 0', [
        [broken, sound],
      ])
      expect(rows).toEqual([{ chatId: sound, seq: 6 }])
    }, 30_000)
  } finally {
    await stop()
  }
})
