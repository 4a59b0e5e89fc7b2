import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import type { ChatEvent, ChatFact, DaemonFact } from '#core/chat/events.ts'
import { foldAll } from '#core/chat/fold.ts'
import { emptyChat } from '#core/chat/view.ts'
import type { ChatId, NodeId, TurnId } from '#core/ids.ts'
import { enterChat, type TeamScope } from '#server/access/scope.ts'
import { appendFenced, recordServerFacts } from '#server/chats/append.ts'
import { compact } from '#server/chats/compaction.ts'
import { readEventsAfter, readHead } from '#server/chats/events.ts'
import { exportChat } from '#server/chats/export.ts'
import { foldHistory, foldRested } from '#server/chats/retention.ts'
import { inTransaction, pool } from '#server/db/client.ts'
import { seedChat, seedTeamScope } from '#server/db/testing.ts'
import { indexChat } from '#server/search/indexer.ts'

const node = 'node-1' as NodeId
const CHUNK = 'x'.repeat(5_000)

async function seed() {
  const scope = await seedTeamScope()
  const chatId = await seedChat(scope)
  await pool().query('update chat_head set epoch = 1, "nodeId" = $2 where "chatId" = $1', [chatId, node])
  let next = 1
  /** A prompt and its turn, with `tools` calls that each say something long twice. */
  async function work({ tools, isOpen = false }: { tools: number; isOpen?: boolean }): Promise<void> {
    const turnId = randomUUID() as TurnId
    const prompt = [{ type: 'text', text: 'Go' }]
    await pool().query(`insert into command (id, "chatId", kind, "turnId", "by", body) values ($1, $2, 'prompt', $1, $3, $4)`, [
      turnId,
      chatId,
      scope.userId,
      JSON.stringify({ prompt, sent: prompt }),
    ])
    await recordServerFacts(chatId, [{ type: 'turn.requested', turnId, by: scope.userId, prompt } as ChatFact])
    const call = (at: number): DaemonFact[] => {
      const tool = { turnId, toolCallId: `t${at}`, content: [{ type: 'text', text: CHUNK }] }
      return [
        { ...tool, type: 'tool.called', title: 'Run', kind: 'execute', status: 'in_progress', locations: [] } as unknown as DaemonFact,
        { ...tool, type: 'tool.updated', status: 'completed' } as unknown as DaemonFact,
        { type: 'reply.appended', turnId, messageId: 'm', offset: at, text: `${at % 10}` } as DaemonFact,
      ]
    }
    const facts: DaemonFact[] = [
      { type: 'turn.accepted', turnId },
      ...Array.from({ length: tools }, (_, at) => call(at)).flat(),
      ...(isOpen ? [] : [{ type: 'turn.ended', turnId, outcome: 'completed', stopReason: 'end_turn' } as DaemonFact]),
    ]
    await appendFenced([{ chatId, nodeId: node, epoch: 1, first: next, facts }])
    next += facts.length
  }
  return { scope, chatId, work }
}

const readAll = (chatId: ChatId, afterSeq = 0): Promise<ChatEvent[]> =>
  readEventsAfter(chatId, { afterSeq, maxEvents: 5_000, maxBytes: 90_000_000 })
const sizeOf = async (chatId: ChatId): Promise<number> =>
  (await pool().query('select sum(length(payload::text))::int as size from chat_event where "chatId" = $1', [chatId])).rows[0].size
async function exported(scope: TeamScope, chatId: ChatId): Promise<string> {
  let text = ''
  const chat = await enterChat(scope, { act: 'read', chatId })
  for await (const piece of exportChat(chat, { exportedAt: '2026-01-01T00:00:00.000Z' })) text += piece
  return text
}

it('keeps what an old log came to in fewer and smaller rows, with the same view from every cursor and the same export', async () => {
  const { scope, chatId, work } = await seed()
  for (const tools of [30, 1, 12]) await work({ tools })
  const before = await readAll(chatId)
  const [size, document] = [await sizeOf(chatId), await exported(scope, chatId)]
  await compact(chatId)
  await indexChat(chatId)
  await foldHistory(chatId)

  const head = before.length
  expect(await readHead(chatId)).toEqual({ head, logId: 1, floor: head })
  const rows = await readAll(chatId)
  expect(rows.length).toBeGreaterThan(1)
  expect(rows.length).toBeLessThan(6)
  expect(rows.map((row) => row.seqFrom)).toEqual(rows.map((_, at) => (rows[at - 1]?.seq ?? 0) + 1))
  expect(await sizeOf(chatId)).toBeLessThan(size * 0.6)
  const whole = foldAll(emptyChat, before)
  for (let seq = 0; seq <= head; seq += 1) {
    expect(foldAll(foldAll(emptyChat, before.slice(0, seq)), await readAll(chatId, seq))).toEqual(whole)
  }
  expect(await exported(scope, chatId)).toBe(document)
})

it('goes on where it stopped, and does nothing a second time', async () => {
  const { chatId, work } = await seed()
  await work({ tools: 3 })
  await indexChat(chatId)
  await foldHistory(chatId)
  const once = await readAll(chatId)
  await foldHistory(chatId)
  expect(await readAll(chatId)).toEqual(once)
  await work({ tools: 2 })
  const events = await readAll(chatId)
  await indexChat(chatId)
  await foldHistory(chatId)
  const rows = await readAll(chatId)
  expect(rows.map((row) => `${row.seqFrom}-${row.seq} ${row.type}`)).toEqual(['1-12 history.folded', '13-21 history.folded'])
  expect(foldAll(emptyChat, rows)).toEqual(foldAll(emptyChat, events))
})

it('leaves alone what runs, was used lately, the search has not read, or another server rewrites', async () => {
  const { chatId, work } = await seed()
  await work({ tools: 1 })
  const isWhole = async () => expect((await readHead(chatId))!.floor).toBe(0)
  await foldHistory(chatId)
  await isWhole()
  await indexChat(chatId)
  await foldRested({ keepDays: 7 })
  await isWhole()
  await inTransaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`rewrite ${chatId}`])
    await foldHistory(chatId)
  })
  await isWhole()
  await pool().query(`update chat set "lastActivityAt" = now() - interval '8 days' where id = $1`, [chatId])
  await foldRested({ keepDays: 7 })
  expect(await readHead(chatId)).toEqual({ head: 6, logId: 1, floor: 6 })
  await work({ tools: 1, isOpen: true })
  await indexChat(chatId)
  await foldHistory(chatId)
  expect(await readHead(chatId)).toMatchObject({ head: 11, floor: 6 })
})
