import { randomUUID } from 'node:crypto'
import { beforeEach, expect, it } from 'vitest'
import type { ChatId, NodeId, RunId, TurnId } from '#core/ids.ts'
import { enterChat, type TeamScope } from '#server/access/scope.ts'
import { createChat, readEvents, sendPrompt } from '#server/chats/service.ts'
import { connect } from '#server/connections/service.ts'
import { disconnect } from '#server/connections/undo-service.ts'
import { ingest, salvage } from '#server/daemons/ingest.ts'
import { claim, endLeasesOfMember, endRevokedLogins, holds, release, renew } from '#server/daemons/lease.ts'
import { createJoinToken, removeNode, renewKey } from '#server/daemons/service.ts'
import { enrol } from '#server/daemons/testing-nodes.ts'
import { startRun } from '#server/daemons/start-run.ts'
import { inTransaction, pool } from '#server/db/client.ts'
import { seedProjectScope, seedTeamScope } from '#server/db/testing.ts'

let team: TeamScope
let nodeId: NodeId
beforeEach(async () => {
  await pool().query(`update command set state = 'done' where state = 'queued'`)
  team = await seedTeamScope()
  nodeId = (await enrol((await createJoinToken(team, { name: randomUUID() })).token)).nodeId
})

const login = {
  kind: 'auth-file',
  format: 'codex',
  contents: JSON.stringify({ tokens: { access_token: 'a', refresh_token: 'r' } }),
} as const
const key = { kind: 'api-key', provider: 'openai', key: 'sk-proj-abcdefghijklmnopqrstuv' } as const

async function seedReadyChat(secret: typeof login | typeof key) {
  const project = await seedProjectScope(team, 'prompt')
  const { connectionId } = await connect(team, { harness: 'codex', scope: 'project', projectId: project.projectId, secret })
  const { chatId } = await createChat(project, { harness: 'codex' })
  return { chatId, connectionId }
}

async function send(person: TeamScope, chatId: ChatId) {
  const turnId = randomUUID() as TurnId
  await sendPrompt(await enterChat(person, { act: 'prompt', chatId }), { turnId, prompt: [{ type: 'text', text: 'go' }] })
  return turnId
}

const accept = (chatId: ChatId, turnId: TurnId, pseq: number) =>
  ingest({ nodeId, chatId, epoch: 1, facts: [{ pseq, fact: { type: 'turn.accepted', turnId } }] })
const lastEvents = async (chatId: ChatId) => {
  const { events } = await readEvents(await enterChat(team, { act: 'read', chatId }), { afterSeq: 0, limit: 100 })
  return events.slice(-2)
}

it('renews nothing that was given back: the next prompt is claimed at once', async () => {
  const { chatId } = await seedReadyChat(key)
  const turnId = await send(team, chatId)
  await claim(nodeId, 10)
  expect(await renew(nodeId, [{ chatId, epoch: 1 }])).toMatchObject([{ chatId, epoch: 1, commands: [{ turnId }] }])
  await release(nodeId, { chatId, epoch: 1 })
  expect(await renew(nodeId, [{ chatId, epoch: 1 }])).toEqual([])
  expect(await claim(nodeId, 10)).toMatchObject([{ chatId, epoch: 2, commands: [{ turnId }] }])
})

it('ends a run on a login that was taken away, in the middle of its turn', async () => {
  const { chatId, connectionId } = await seedReadyChat(login)
  const turnId = await send(team, chatId)
  await claim(nodeId, 10)
  const runId = randomUUID() as RunId
  expect(await startRun(nodeId, { chatId, epoch: 1, runId })).toMatchObject({ ok: true, grant: { delivery: { via: 'file' } } })
  await accept(chatId, turnId, 1)
  await endRevokedLogins()
  expect(await holds(nodeId, { chatId, epoch: 1 })).toBe(true)
  await disconnect(team, { connectionId })
  await endRevokedLogins()
  expect(await holds(nodeId, { chatId, epoch: 1 })).toBe(false)
  expect(await lastEvents(chatId)).toMatchObject([
    { type: 'turn.interrupted', turnId },
    { type: 'run.ended', runId },
  ])
})

it('gives nothing to a node that is removed while it asks', async () => {
  const { chatId } = await seedReadyChat(key)
  await send(team, chatId)
  await removeNode(team, { nodeId })
  expect(await claim(nodeId, 10)).toEqual([])

  // Both at once, whichever is first: the chat is free for another node afterwards.
  const other = (await enrol((await createJoinToken(team, { name: randomUUID() })).token)).nodeId
  await Promise.all([claim(other, 10), removeNode(team, { nodeId: other })])
  const { rows } = await pool().query(
    'select c."nodeId", h."nodeId" as "heldBy" from chat c join chat_head h on h."chatId" = c.id where c.id = $1',
    [chatId],
  )
  expect(rows).toEqual([{ nodeId: null, heldBy: null }])
})

it('gives nothing to a connection that speaks for its node no more, however late that is noticed where it ends', async () => {
  const { chatId } = await seedReadyChat(key)
  await send(team, chatId)
  const speaksOn = (connection: string) => pool().query('update node set connection = $2 where id = $1', [nodeId, connection])
  await speaksOn('former')
  await speaksOn('newest')
  expect(await claim(nodeId, 10, 'former')).toEqual([])
  const renewed = await renewKey(team, { nodeId })
  for (const connection of ['newest', null]) expect(await claim(nodeId, 10, connection)).toEqual([])
  await enrol(renewed!.token)
  expect(await claim(nodeId, 10, 'newest')).toEqual([])
  await speaksOn('next')
  expect(await claim(nodeId, 10, 'next')).toMatchObject([{ chatId }])
})

it('stops what works on a removed member’s prompt in a chat of somebody else', async () => {
  const mei = await seedTeamScope({ teamId: team.teamId, role: 'member', name: 'Mei' })
  const { chatId } = await seedReadyChat(key)
  const turnId = await send(mei, chatId)
  await claim(nodeId, 10)
  await accept(chatId, turnId, 1)
  const tell = await inTransaction((tx) => endLeasesOfMember(tx, mei))
  tell()
  expect(await lastEvents(chatId)).toMatchObject([{ type: 'turn.accepted' }, { type: 'turn.interrupted', turnId }])
})

it('keeps what a node held itself beside the log, and nothing that it says of others', async () => {
  const { chatId } = await seedReadyChat(key)
  await send(team, chatId)
  await claim(nodeId, 10)
  await pool().query(`update chat_head set "leaseUntil" = now() - interval '1 second' where "chatId" = $1`, [chatId])
  await claim(nodeId, 10)
  const facts = [{ pseq: 1, fact: { type: 'turn.accepted', turnId: randomUUID() as TurnId } }] as const
  await salvage({ nodeId: 'another' as NodeId, chatId, epoch: 1, facts })
  await salvage({ nodeId, chatId, epoch: 7, facts })
  const orphans = () => pool().query('select epoch, pseq from orphan_event where "chatId" = $1', [chatId])
  expect((await orphans()).rows).toEqual([])
  await salvage({ nodeId, chatId, epoch: 1, facts })
  expect((await orphans()).rows).toEqual([{ epoch: 1, pseq: '1' }])
})
