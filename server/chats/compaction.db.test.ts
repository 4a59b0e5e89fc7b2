import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import type { ChatEvent, ChatFact, DaemonFact } from '#core/chat/events.ts'
import { foldAll } from '#core/chat/fold.ts'
import { emptyChat } from '#core/chat/view.ts'
import type { ChatId, NodeId, TurnId } from '#core/ids.ts'
import { appendFenced, recordServerFacts } from '#server/chats/append.ts'
import { compact, compactRested } from '#server/chats/compaction.ts'
import { readEventsAfter, readHead } from '#server/chats/events.ts'
import { inTransaction, pool } from '#server/db/client.ts'
import { seedChat, seedTeamScope } from '#server/db/testing.ts'

const node = 'node-1' as NodeId

/** A chat that one daemon holds, with a prompt in line. */
async function seed(): Promise<{ chatId: ChatId; turnId: TurnId; write: (...facts: DaemonFact[]) => Promise<void> }> {
  const scope = await seedTeamScope()
  const chatId = await seedChat(scope)
  const turnId = randomUUID() as TurnId
  await pool().query('update chat_head set epoch = 1, "nodeId" = $2 where "chatId" = $1', [chatId, node])
  const prompt = [{ type: 'text', text: 'Go' }]
  await pool().query(`insert into command (id, "chatId", kind, "turnId", "by", body) values ($1, $2, 'prompt', $1, $3, $4)`, [
    turnId,
    chatId,
    scope.userId,
    JSON.stringify({ prompt, sent: prompt }),
  ])
  await recordServerFacts(chatId, [{ type: 'turn.requested', turnId, by: scope.userId, prompt } as ChatFact])
  let next = 1
  return {
    chatId,
    turnId,
    async write(...facts) {
      await appendFenced([{ chatId, nodeId: node, epoch: 1, first: next, facts }])
      next += facts.length
    },
  }
}

const accepted = (turnId: TurnId) => ({ type: 'turn.accepted', turnId }) as DaemonFact
const ended = (turnId: TurnId) => ({ type: 'turn.ended', turnId, outcome: 'completed', stopReason: 'end_turn' }) as DaemonFact
const words = (turnId: TurnId, from: number, to: number): DaemonFact[] =>
  Array.from(
    { length: to - from },
    (_, at) => ({ type: 'reply.appended', turnId, messageId: 'm', offset: (from + at) * 4, text: '\u2603\0x ' }) as DaemonFact,
  )

const readAll = (chatId: ChatId, afterSeq = 0): Promise<ChatEvent[]> =>
  readEventsAfter(chatId, { afterSeq, maxEvents: 5_000, maxBytes: 9_000_000 })
const spansOf = (events: readonly ChatEvent[]) => events.map(({ seqFrom, seq, type }) => `${seqFrom}-${seq} ${type}`)

it('keeps a message in one row, with the same head and the same view from every cursor', async () => {
  const { chatId, turnId, write } = await seed()
  await write(
    accepted(turnId),
    ...words(turnId, 0, 30),
    { type: 'context.measured', turnId, usedTokens: 1, sizeTokens: 2 },
    ...words(turnId, 30, 50),
    ended(turnId),
  )
  const before = await readAll(chatId)
  const head = await readHead(chatId)
  await compact(chatId)
  const after = await readAll(chatId)
  expect(spansOf(after)).toEqual([
    '1-1 turn.requested',
    '2-2 turn.accepted',
    '3-32 reply.appended',
    '33-33 context.measured',
    '34-53 reply.appended',
    '54-54 turn.ended',
  ])
  expect(await readHead(chatId)).toEqual(head)
  const whole = foldAll(emptyChat, before)
  for (let seq = 0; seq <= before.length; seq += 1) {
    expect(foldAll(foldAll(emptyChat, before.slice(0, seq)), await readAll(chatId, seq))).toEqual(whole)
  }
})

it('goes on where it stopped, and does nothing a second time', async () => {
  const { chatId, turnId, write } = await seed()
  await write(accepted(turnId), ...words(turnId, 0, 5), ended(turnId))
  await compact(chatId)
  const once = spansOf(await readAll(chatId))
  await compact(chatId)
  expect(spansOf(await readAll(chatId))).toEqual(once)
  await write(...words(turnId, 5, 8))
  await compact(chatId)
  expect(spansOf(await readAll(chatId))).toEqual([...once, '9-11 reply.appended'])
})

it('leaves a chat alone whose turn runs, that was used just now, or that another server compacts', async () => {
  const { chatId, turnId, write } = await seed()
  await write(accepted(turnId), ...words(turnId, 0, 5))
  await compact(chatId)
  expect(await readAll(chatId)).toHaveLength(7)
  await write(ended(turnId))
  await compactRested(60_000)
  expect(await readAll(chatId)).toHaveLength(8)
  await inTransaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`rewrite ${chatId}`])
    await compact(chatId)
  })
  expect(await readAll(chatId)).toHaveLength(8)
  await pool().query(`update chat set "lastActivityAt" = now() - interval '2 minutes' where id = $1`, [chatId])
  await compactRested(60_000)
  expect(await readAll(chatId)).toHaveLength(4)
})

it('does not stand in the way of what is appended meanwhile', async () => {
  const { chatId, turnId, write } = await seed()
  await write(accepted(turnId), ...words(turnId, 0, 200), ended(turnId))
  await Promise.all([
    compact(chatId),
    ...Array.from({ length: 10 }, (_, at) => recordServerFacts(chatId, [{ type: 'chat.renamed', by: 'ada', title: `${at}` } as ChatFact])),
  ])
  const events = await readAll(chatId)
  expect(events.map((event) => event.seqFrom)).toEqual([1, ...events.slice(0, -1).map((event) => event.seq + 1)])
  expect(events.at(-1)!.seq).toBe((await readHead(chatId))!.head)
  expect(events.filter((event) => event.type === 'chat.renamed')).toHaveLength(10)
})
