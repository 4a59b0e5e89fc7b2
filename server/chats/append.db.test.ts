import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { expect, it } from 'vitest'
import type { ChatFact, DaemonFact } from '#core/chat/events.ts'
import type { ChatId, NodeId, RequestId, TurnId, UserId } from '#core/ids.ts'
import { appendFenced, appendServerFacts, recordServerFacts } from '#server/chats/append.ts'
import { readEventsAfter, readHead } from '#server/chats/events.ts'
import { databaseUrl, inTransaction, pool } from '#server/db/client.ts'
import { seedChat, seedTeamScope } from '#server/db/testing.ts'
import { onHint, type Hint } from '#server/realtime/bus.ts'

const node = 'node-1' as NodeId
const turnId = () => randomUUID() as TurnId

async function seedLeasedChat({ epoch = 1 }: { epoch?: number } = {}): Promise<{ chatId: ChatId; by: UserId }> {
  const scope = await seedTeamScope()
  const chatId = await seedChat(scope)
  await pool().query('update chat_head set epoch = $2, "nodeId" = $3 where "chatId" = $1', [chatId, epoch, node])
  return { chatId, by: scope.userId }
}

const reply = (turn: TurnId, offset: number, text = 'x'): DaemonFact =>
  ({ type: 'reply.appended', turnId: turn, messageId: 'm', offset, text }) as DaemonFact

const headOf = async (chatId: ChatId) => (await pool().query('select * from chat_head where "chatId" = $1', [chatId])).rows[0]

/** I1: the ranges tile 1…head, without hole or overlap. */
async function expectTiled(chatId: ChatId): Promise<void> {
  const { head } = (await readHead(chatId))!
  const { rows } = await pool().query('select seq::int, "seqFrom"::int from chat_event where "chatId" = $1 order by seq', [chatId])
  let end = 0
  for (const { seq, seqFrom } of rows) {
    expect(seqFrom).toBe(end + 1)
    end = seq
  }
  expect(end).toBe(head)
}

it('numbers facts without a hole although people and a daemon write at once', async () => {
  const { chatId, by } = await seedLeasedChat()
  const turn = turnId()
  const people = Array.from({ length: 20 }, (_, at) => recordServerFacts(chatId, [{ type: 'chat.renamed', by, title: `Title ${at}` }]))
  const daemon = (async () => {
    for (let pseq = 1; pseq <= 60; pseq += 3) {
      const facts = [reply(turn, pseq), reply(turn, pseq + 1), reply(turn, pseq + 2)]
      expect(await appendFenced([{ chatId, nodeId: node, epoch: 1, first: pseq, facts }])).toEqual(new Set([chatId]))
    }
  })()
  await Promise.all([...people, daemon])
  expect((await readHead(chatId))!.head).toBe(80)
  await expectTiled(chatId)
  const { rows } = await pool().query('select pseq::int from chat_event where "chatId" = $1 and pseq is not null order by seq', [chatId])
  expect(rows.map((row) => row.pseq)).toEqual(Array.from({ length: 60 }, (_, at) => at + 1))
})

it('lets one of two servers store a batch that both were sent', async () => {
  const { chatId } = await seedLeasedChat()
  const other = new pg.Pool({ connectionString: databaseUrl() })
  try {
    const batch = { chatId, nodeId: node, epoch: 1, first: 1, facts: [reply(turnId(), 0)] }
    // The second one waits on the head row, and finds that its numbers are taken.
    const blocker = await other.connect()
    await blocker.query('begin')
    await blocker.query('select 1 from chat_head where "chatId" = $1 for update', [chatId])
    const both = Promise.all([appendFenced([batch]), appendFenced([batch])])
    await blocker.query('commit')
    blocker.release()
    expect((await both).map((stored) => stored.size).reduce((sum, size) => sum + size)).toBe(1)
    expect((await readHead(chatId))!.head).toBe(1)
  } finally {
    await other.end()
  }
})

it('rejects another epoch, another node, a repetition and a gap, and stores the other chats of the batch', async () => {
  const { chatId } = await seedLeasedChat({ epoch: 3 })
  const good = await seedLeasedChat({ epoch: 3 })
  const batch = { chatId, nodeId: node, epoch: 3, first: 1, facts: [reply(turnId(), 0)] }
  const beside = (first: number) => ({ chatId: good.chatId, nodeId: node, epoch: 3, first, facts: [reply(turnId(), 0)] })
  expect(await appendFenced([{ ...batch, epoch: 2 }, beside(1)])).toEqual(new Set([good.chatId]))
  expect(await appendFenced([{ ...batch, epoch: 4 }, beside(2)])).toEqual(new Set([good.chatId]))
  expect(await appendFenced([{ ...batch, nodeId: 'node-2' as NodeId }, beside(3)])).toEqual(new Set([good.chatId]))
  expect(await appendFenced([{ ...batch, first: 2 }, beside(4)])).toEqual(new Set([good.chatId]))
  expect(await appendFenced([batch])).toEqual(new Set([chatId]))
  expect(await appendFenced([batch, beside(5)])).toEqual(new Set([good.chatId]))
  expect((await readHead(chatId))!.head).toBe(1)
  expect((await readHead(good.chatId))!.head).toBe(5)
})

it('announces a head only when its commit has returned', async () => {
  const { chatId, by } = await seedLeasedChat()
  const seen: Hint[] = []
  const stop = onHint((hint) => seen.push(hint))
  await expect(
    inTransaction(async (tx) => {
      await appendServerFacts(tx, chatId, [{ type: 'chat.renamed', by, title: 'Never' }])
      throw new Error('changed my mind')
    }),
  ).rejects.toThrow('changed my mind')
  expect(seen).toEqual([])
  await recordServerFacts(chatId, [{ type: 'chat.renamed', by, title: 'Really' }])
  stop()
  expect(seen).toEqual([
    { about: 'log', chatId, head: 1 },
    { about: 'list', teamId: expect.any(String), topic: 'chats' },
  ])
})

it('keeps what jsonb cannot hold, one character for each, so that offsets still hold', async () => {
  const { chatId } = await seedLeasedChat()
  const turn = turnId()
  const text = 'a\0b\ud83dc 👍 \\u0000'
  await appendFenced([{ chatId, nodeId: node, epoch: 1, first: 1, facts: [reply(turn, 0, text)] }])
  const [event] = await readEventsAfter(chatId, { afterSeq: 0, maxEvents: 10, maxBytes: 1_000 })
  expect(event).toMatchObject({ type: 'reply.appended', seq: 1, seqFrom: 1, text: 'a␀b\ufffdc 👍 \\u0000' })
})

it('reads pages by count and by size, never an empty one while something follows', async () => {
  const { chatId } = await seedLeasedChat()
  const turn = turnId()
  const facts = Array.from({ length: 10 }, (_, at) => reply(turn, at, 'y'.repeat(1_000)))
  await appendFenced([{ chatId, nodeId: node, epoch: 1, first: 1, facts }])
  const read = async (afterSeq: number, maxEvents: number, maxBytes: number) =>
    (await readEventsAfter(chatId, { afterSeq, maxEvents, maxBytes })).map((event) => event.seq)
  expect(await read(0, 3, 1_000_000)).toEqual([1, 2, 3])
  expect(await read(7, 200, 1_000_000)).toEqual([8, 9, 10])
  expect(await read(0, 200, 3_000)).toEqual([1, 2])
  expect(await read(4, 200, 10)).toEqual([5])
  expect(await read(10, 200, 1_000)).toEqual([])
})

it('keeps the head, the commands and the open questions in step with the log', async () => {
  const { chatId, by } = await seedLeasedChat()
  const turn = turnId()
  const question = randomUUID() as RequestId
  const prompt = [{ type: 'text', text: 'hi' }] as const
  const server = (...facts: ChatFact[]) => recordServerFacts(chatId, facts)
  let pseq = 1
  const daemon = async (...facts: DaemonFact[]) => {
    await appendFenced([{ chatId, nodeId: node, epoch: 1, first: pseq, facts }])
    pseq += facts.length
  }
  await pool().query(`insert into command (id, "chatId", kind, "turnId", "by", body) values ($1, $2, 'prompt', $1, $3, $4)`, [
    turn,
    chatId,
    by,
    JSON.stringify({ prompt, sent: prompt }),
  ])
  const commandState = async () => (await pool().query('select state, epoch from command where id = $1', [turn])).rows[0]

  await daemon({ type: 'turn.accepted', turnId: turn })
  expect(await headOf(chatId)).toMatchObject({ activeTurn: turn, activeBy: by, waitingFor: 0, lastOutcome: null })
  expect(await commandState()).toEqual({ state: 'accepted', epoch: 1 })

  const asked: DaemonFact = {
    type: 'permission.requested',
    requestId: question,
    turnId: turn,
    toolCallId: 'call' as never,
    title: 'Write a file',
    kind: 'edit',
    content: [],
    options: [{ optionId: 'allow', name: 'Allow', kind: 'allow_once' }],
  }
  await daemon(asked, { ...asked, requestId: randomUUID() as RequestId })
  expect(await headOf(chatId)).toMatchObject({ waitingFor: 2 })
  await server({ type: 'permission.answered', requestId: question, by, optionId: 'allow' })
  expect(await headOf(chatId)).toMatchObject({ waitingFor: 1 })
  // The daemon closes what had been answered a moment before: counted once.
  await daemon({ type: 'permission.closed', requestId: question, reason: 'cancelled' })
  expect(await headOf(chatId)).toMatchObject({ waitingFor: 1 })

  const failed: ChatFact = {
    type: 'model.failed',
    turnId: turn,
    provider: 'openai',
    model: 'm',
    status: 429,
    code: 'provider.out-of-quota',
  }
  await server(failed)
  await daemon({ type: 'turn.ended', turnId: turn, outcome: 'completed', stopReason: 'end_turn' })
  expect(await headOf(chatId)).toMatchObject({
    activeTurn: null,
    activeBy: null,
    waitingFor: 0,
    lastOutcome: 'completed',
    modelFailed: true,
    head: '7',
    pseq: '5',
  })
  expect(await commandState()).toEqual({ state: 'done', epoch: 1 })
  const metered = (model: string): ChatFact => ({
    type: 'usage.metered',
    turnId: turn,
    usageRecordId: randomUUID() as never,
    provider: 'openai',
    model,
    inputTokens: 1,
    outputTokens: 1,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    costMicros: null,
  })
  await server(metered('another'))
  expect(await headOf(chatId)).toMatchObject({ modelFailed: true })
  await server(metered('m'))
  expect(await headOf(chatId)).toMatchObject({ modelFailed: false })
  await server(failed, metered('m'))
  expect(await headOf(chatId)).toMatchObject({ modelFailed: false })
  await server(metered('m'), failed)
  expect(await headOf(chatId)).toMatchObject({ modelFailed: true })
  // A repetition of the acceptance, in a later epoch say, brings nothing back.
  await daemon({ type: 'turn.accepted', turnId: turn })
  expect(await headOf(chatId)).toMatchObject({ activeTurn: null })
})

it('accepts and ends a turn within one batch', async () => {
  const { chatId, by } = await seedLeasedChat()
  const turn = turnId()
  await pool().query(`insert into command (id, "chatId", kind, "turnId", "by", body) values ($1, $2, 'prompt', $1, $3, '{}')`, [
    turn,
    chatId,
    by,
  ])
  const facts: DaemonFact[] = [
    { type: 'turn.accepted', turnId: turn },
    { type: 'turn.ended', turnId: turn, outcome: 'failed', stopReason: null, failure: { code: 'connection.missing', facts: {} } },
  ]
  await appendFenced([{ chatId, nodeId: node, epoch: 1, first: 1, facts }])
  expect(await headOf(chatId)).toMatchObject({ activeTurn: null, lastOutcome: 'failed' })
})
