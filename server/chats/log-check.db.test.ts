import { randomUUID } from 'node:crypto'
import { afterEach, expect, it } from 'vitest'
import type { ChatFact, DaemonFact } from '#core/chat/events.ts'
import type { ChatId, NodeId, TurnId } from '#core/ids.ts'
import { appendFenced, recordServerFacts } from '#server/chats/append.ts'
import { compact } from '#server/chats/compaction.ts'
import { checkLogsIfDue, findLogFaults } from '#server/chats/log-check.ts'
import { foldHistory } from '#server/chats/retention.ts'
import { pool } from '#server/db/client.ts'
import { seedChat, seedTeamScope } from '#server/db/testing.ts'
import { metrics } from '#server/metrics.ts'
import { indexChat } from '#server/search/indexer.ts'

const node = 'node-1' as NodeId

/** Two epochs of a daemon, with a turn each; the second one still runs. */
async function seed(): Promise<{ chatId: ChatId; turns: TurnId[] }> {
  const scope = await seedTeamScope()
  const chatId = await seedChat(scope)
  const prompt = [{ type: 'text', text: 'Go' }]
  const turns: TurnId[] = []
  for (const epoch of [1, 2]) {
    const turnId = randomUUID() as TurnId
    turns.push(turnId)
    await pool().query(`update chat_head set epoch = $2, pseq = 0, "nodeId" = $3 where "chatId" = $1`, [chatId, epoch, node])
    await pool().query(`insert into command (id, "chatId", kind, "turnId", "by", body) values ($1, $2, 'prompt', $1, $3, $4)`, [
      turnId,
      chatId,
      scope.userId,
      JSON.stringify({ prompt, sent: prompt }),
    ])
    await recordServerFacts(chatId, [{ type: 'turn.requested', turnId, by: scope.userId, prompt } as ChatFact])
    const facts = [
      { type: 'turn.accepted', turnId },
      ...Array.from({ length: 5 }, (_, at) => ({ type: 'reply.appended', turnId, messageId: 'm', offset: at, text: 'x' })),
      ...(epoch === 1 ? [{ type: 'turn.ended', turnId, outcome: 'completed', stopReason: null }] : []),
    ] as DaemonFact[]
    await appendFenced([{ chatId, nodeId: node, epoch, first: 1, facts }])
    if (epoch === 1)
      await pool().query(`insert into lease_log ("chatId", epoch, "nodeId", "finalPseq") values ($1, 1, $2, $3)`, [
        chatId,
        node,
        facts.length,
      ])
  }
  return { chatId, turns }
}

async function faults(): Promise<string[]> {
  const found: string[] = []
  for await (const fault of findLogFaults()) found.push(`${fault.rule}: ${fault.what}`)
  return found
}
afterEach(async () => {
  for (const table of ['chat', 'chat_event', 'lease_log', 'orphan_event', 'command']) await pool().query(`delete from ${table}`)
})

it('finds nothing in a log that is whole, merged, folded and goes on', async () => {
  const { chatId, turns } = await seed()
  expect(await faults()).toEqual([])
  const end = { type: 'turn.ended', turnId: turns[1], outcome: 'completed', stopReason: null } as DaemonFact
  await appendFenced([{ chatId, nodeId: node, epoch: 2, first: 7, facts: [end] }])
  await compact(chatId)
  expect(await faults()).toEqual([])
  await indexChat(chatId)
  await foldHistory(chatId)
  expect((await pool().query('select floor::int from chat_head where "chatId" = $1', [chatId])).rows).toEqual([{ floor: 16 }])
  const context = { type: 'context.measured', turnId: turns[1], usedTokens: 1, sizeTokens: 2 } as DaemonFact
  // One event alone is not folded, and stands among what is.
  for (const [first, count] of [
    [8, 1],
    [9, 2],
    [11, 1],
  ] as const) {
    await appendFenced([{ chatId, nodeId: node, epoch: 2, first, facts: Array<DaemonFact>(count).fill(context) }])
    expect(await faults()).toEqual([])
    await indexChat(chatId)
    await foldHistory(chatId)
    expect(await faults()).toEqual([])
  }
})

it.each([
  ['a row that is gone', `delete from chat_event where seq = 4`, ['seq is contiguous', 'each producer number']],
  ['an end that is gone', `delete from chat_event where seq = 14`, ['seq is contiguous', 'each producer number']],
  ['rows that overlap', `update chat_event set "seqFrom" = 9 where seq = 12`, ['seq is contiguous', 'each producer number']],
  ['a head that runs ahead', `update chat_head set head = head + 1`, ['seq is contiguous']],
  ['a number that was stored twice', `update chat_event set pseq = 2 where seq = 4`, ['each producer number']],
  ['an epoch that ended elsewhere', `update lease_log set "finalPseq" = 9`, ['each producer number']],
  [
    'a zombie that was let in',
    `update chat_event set epoch = 1, pseq = 8 where seq = 14`,
    ['each producer number', 'epochs never go back'],
  ],
  [
    'something in the log and beside it',
    `insert into orphan_event ("chatId", epoch, pseq, type, payload) select "chatId", 1, 7, 'turn.ended', '{}' from chat_head`,
    ['what a fenced daemon held'],
  ],
  [
    'a prompt that was stored twice',
    `update chat_event set payload = (select payload from chat_event where seq = 1) where seq = 9`,
    ['a prompt is in the log once'],
  ],
  ['two turns at once', `update command set state = 'accepted'`, ['one turn runs at a time']],
  ['a head that names no turn', `update chat_head set "activeTurn" = null`, ['one turn runs at a time']],
  ['a question that nobody counts', `update chat_head set "waitingFor" = 1`, ['the head counts the questions']],
  ['a floor above everything', `update chat_head set floor = 99`, ['what is rewritten lies behind the head']],
])('names %s', async (_, damage, broken) => {
  await seed()
  await pool().query(damage)
  const found = await faults()
  expect(broken.filter((rule) => !found.some((each) => each.startsWith(rule)))).toEqual([])
  expect(found.filter((each) => !broken.some((rule) => each.startsWith(rule)))).toEqual([])
})

it('is done once a day, by one server, which counts what it found', async () => {
  await seed()
  await pool().query('update chat_head set head = head + 1')
  await Promise.all([checkLogsIfDue(), checkLogsIfDue()])
  const counted = async () =>
    (await metrics.getSingleMetricAsString('gatehouse_log_faults')).match(/rule="seq is contiguous, up to the head"} (\d)/)?.[1]
  expect(await counted()).toBe('1')
  await pool().query('update chat_head set head = head - 1')
  await checkLogsIfDue()
  expect(await counted()).toBe('1')
  await pool().query(`update daily_work set "startedAt" = now() - interval '25 hours'`)
  await checkLogsIfDue()
  expect(await counted()).toBe('0')
})
