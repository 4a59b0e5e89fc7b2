/** A database that is put back to an earlier state while browsers and daemons remember more. */
import { randomUUID } from 'node:crypto'
import { beforeEach, expect, it } from 'vitest'
import type { DaemonFact } from '#core/chat/events.ts'
import type { ChatId, NodeId, TurnId } from '#core/ids.ts'
import { enterChat, type TeamScope } from '#server/access/scope.ts'
import { readHead } from '#server/chats/events.ts'
import { readEvents, sendPrompt, createChat } from '#server/chats/service.ts'
import { connect } from '#server/connections/service.ts'
import { ingest, salvage } from '#server/daemons/ingest.ts'
import { claim, endSilentLeases, release } from '#server/daemons/lease.ts'
import { renewAllLogs } from '#server/daemons/log-renewal.ts'
import { createJoinToken } from '#server/daemons/service.ts'
import { enrol } from '#server/daemons/testing-nodes.ts'
import { dumpDatabase, loadDatabase } from '#server/db/dump.ts'
import { closeDatabase, databaseUrl, inTransaction, openDatabase, pool } from '#server/db/client.ts'
import { cloneDatabase, seedProjectScope, seedTeamScope } from '#server/db/testing.ts'

const prompt = [{ type: 'text' as const, text: 'go' }]
const key = { kind: 'api-key', provider: 'openai', key: 'sk-proj-abcdefghijklmnopqrstuv' } as const

let team: TeamScope
let nodeId: NodeId
let chatId: ChatId
beforeEach(async () => {
  await pool().query(`update command set state = 'done' where state = 'queued'`)
  team = await seedTeamScope()
  nodeId = (await enrol((await createJoinToken(team, { name: randomUUID() })).token)).nodeId
  const project = await seedProjectScope(team, 'prompt')
  await connect(team, { harness: 'codex', scope: 'project', projectId: project.projectId, secret: key })
  chatId = (await createChat(project, { harness: 'codex' })).chatId
})

async function send(): Promise<TurnId> {
  const turnId = randomUUID() as TurnId
  await sendPrompt(await enterChat(team, { act: 'prompt', chatId }), { turnId, prompt })
  return turnId
}
const words = (turnId: TurnId, from: number, to: number): DaemonFact[] =>
  Array.from({ length: to - from }, (_, at) => ({
    type: 'reply.appended',
    turnId,
    messageId: 'm' as never,
    offset: from + at,
    text: 'x',
  }))
const append = (epoch: number, first: number, facts: readonly DaemonFact[]) =>
  ingest({ nodeId, chatId, epoch, facts: facts.map((fact, at) => ({ pseq: first + at, fact })) })
const read = async () => readEvents(await enterChat(team, { act: 'read', chatId }), { afterSeq: 0, limit: 500 })
const orphans = async () =>
  (await pool().query('select epoch, pseq::int from orphan_event where "chatId" = $1 order by 1, 2', [chatId])).rows

/** The database as it is now, put into another one that then takes its place. */
async function putBack<T>(lines: string[], work: () => Promise<T>): Promise<T> {
  const own = databaseUrl()
  const clone = await cloneDatabase()
  const open = async (url: string) => {
    await closeDatabase()
    await openDatabase(url)
  }
  await open(clone.url)
  try {
    await loadDatabase(
      (async function* () {
        yield* lines
      })(),
      renewAllLogs,
    )
    return await work()
  } finally {
    await open(own)
    await clone.drop()
  }
}
async function dump(): Promise<string[]> {
  const lines: string[] = []
  await dumpDatabase({ anchor: null, write: async (line) => void lines.push(line) })
  return lines
}

it('makes a restored log another one, ends what ran in it, and takes nothing of the lost history for what comes', async () => {
  const turnId = await send()
  await claim(nodeId, 10)
  await append(1, 1, [{ type: 'turn.accepted', turnId }, ...words(turnId, 0, 2)])
  const lines = await dump()
  // What the backup does not hold: the rest of the turn, and a second epoch with another.
  await append(1, 4, [...words(turnId, 2, 4), { type: 'turn.ended', turnId, outcome: 'completed', stopReason: null }])
  await release(nodeId, { chatId, epoch: 1 })
  const lost = await send()
  await claim(nodeId, 10)
  await append(2, 1, [{ type: 'turn.accepted', turnId: lost }])
  const before = (await readHead(chatId))!

  await putBack(lines, async () => {
    const after = (await readHead(chatId))!
    expect(after.head).toBeLessThan(before.head)
    expect(after.logId).not.toBe(before.logId)
    expect((await read()).logId).toBe(after.logId)
    await endSilentLeases(0)
    expect((await read()).events.slice(-1)).toMatchObject([{ type: 'turn.interrupted', turnId }])

    // The daemon of then goes on: nothing of it gets into the log, all of it is kept.
    expect(await append(1, 7, words(turnId, 9, 10))).toMatchObject({ is: 'fenced', finalPseq: 3 })
    expect(await append(2, 2, words(lost, 0, 1))).toMatchObject({ is: 'fenced', finalPseq: 0 })
    for (const [epoch, pseq] of [
      [1, 7],
      [2, 2],
    ] as const)
      await salvage({ nodeId, chatId, epoch, facts: [{ pseq, fact: words(turnId, 0, 1)[0]! }] })
    expect(await orphans()).toEqual([
      { epoch: 1, pseq: 7 },
      { epoch: 2, pseq: 2 },
    ])
    const next = await send()
    const [lease] = await claim(nodeId, 10)
    expect(lease).toMatchObject({ chatId, commands: [{ turnId: next }] })
    expect(lease!.epoch).toBeGreaterThan(1_000)
    expect(await append(lease!.epoch, 1, [{ type: 'turn.accepted', turnId: next }])).toMatchObject({ is: 'acknowledged' })
  })
  // The same backup once more: yet another log.
  const ids = [await putBack(lines, () => readHead(chatId)), await putBack(lines, () => readHead(chatId))].map((head) => head!.logId)
  expect(new Set(ids).size).toBe(2)
})

it('is found out by the daemon that remembers more, when nobody said that the database was put back', async () => {
  const turnId = await send()
  await claim(nodeId, 10)
  await append(1, 1, [{ type: 'turn.accepted', turnId }, ...words(turnId, 0, 5)])
  const before = (await readHead(chatId))!
  // Back by three words.
  await pool().query('delete from chat_event where "chatId" = $1 and seq > $2', [chatId, before.head - 3])
  await pool().query('update chat_head set head = head - 3, pseq = pseq - 3 where "chatId" = $1', [chatId])
  expect(await append(1, 7, words(turnId, 5, 6))).toEqual({ is: 'fenced', epoch: 2, finalPseq: 3 })
  const after = (await readHead(chatId))!
  expect(after.logId).not.toBe(before.logId)
  expect((await read()).events.slice(-1)).toMatchObject([{ type: 'turn.interrupted', turnId }])

  // A whole epoch that the database knows nothing of.
  const next = await send()
  expect(await append(9, 1, [{ type: 'turn.accepted', turnId: next }])).toMatchObject({ is: 'fenced', finalPseq: 0 })
  expect((await readHead(chatId))!.logId).not.toBe(after.logId)
  await claim(nodeId, 10)
  expect((await pool().query('select epoch from chat_head where "chatId" = $1', [chatId])).rows).toEqual([{ epoch: 11 }])
})

it('believes no node about a chat whose workspace lies elsewhere', async () => {
  await send()
  await claim(nodeId, 10)
  const before = (await readHead(chatId))!
  const stranger = (await enrol((await createJoinToken(team, { name: randomUUID() })).token)).nodeId
  const facts = [{ pseq: 1, fact: words(randomUUID() as TurnId, 0, 1)[0]! }]
  expect(await ingest({ nodeId: stranger, chatId, epoch: 9, facts })).toMatchObject({ is: 'fenced' })
  expect(await readHead(chatId)).toEqual(before)
  await inTransaction(renewAllLogs)
  await salvage({ nodeId: stranger, chatId, epoch: 9, facts })
  expect(await orphans()).toEqual([])
})
