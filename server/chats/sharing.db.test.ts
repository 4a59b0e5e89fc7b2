import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import type { ChatId, NodeId, RunId, TurnId } from '#core/ids.ts'
import { enterChat, type TeamScope } from '#server/access/scope.ts'
import { createChat, describeChat, sendPrompt } from '#server/chats/service.ts'
import { connect, setShared, type ConnectInput } from '#server/connections/service.ts'
import { ingest } from '#server/daemons/ingest.ts'
import { claim } from '#server/daemons/lease.ts'
import { seedNode } from '#server/daemons/testing-nodes.ts'
import { startRun } from '#server/daemons/start-run.ts'
import { pool } from '#server/db/client.ts'
import { seedProjectScope, seedTeamScope } from '#server/db/testing.ts'
import { findLiveRun } from '#server/proxy/store.ts'

const own: ConnectInput = {
  harness: 'codex',
  scope: 'user',
  secret: { kind: 'api-key', provider: 'openai', key: 'sk-proj-abcdefghijklmnop' },
}

async function send(person: TeamScope, chatId: ChatId): Promise<TurnId> {
  const turnId = randomUUID() as TurnId
  await sendPrompt(await enterChat(person, { act: 'prompt', chatId }), { turnId, prompt: [{ type: 'text', text: 'go' }] })
  return turnId
}

it('lets others prompt on a personal key for as long as its owner shares it', async () => {
  const owner = await seedTeamScope()
  const mei = await seedTeamScope({ teamId: owner.teamId, role: 'member', name: 'Mei' })
  const project = await seedProjectScope(owner, 'prompt')
  const { connectionId } = await connect(owner, own)
  const { chatId } = await createChat(project, { harness: 'codex' })
  const seenByMei = async () => describeChat(await enterChat(mei, { act: 'read', chatId }))
  const notYours = { code: 'connection.not-yours', facts: { harness: 'Codex', ownerName: 'Ada' } }
  await expect(send(mei, chatId)).rejects.toMatchObject(notYours)
  expect(await seenByMei()).toMatchObject({ mayPrompt: false, payer: { scope: 'user', isShared: false } })

  await setShared(owner, { connectionId, isShared: true })
  expect(await seenByMei()).toMatchObject({ mayPrompt: true, payer: { scope: 'user', isShared: true } })
  const turnId = await send(mei, chatId)
  const nodeId: NodeId = await seedNode()
  await claim(nodeId, 10)
  const runId = randomUUID() as RunId
  expect(await startRun(nodeId, { chatId, epoch: 1, runId })).toMatchObject({ ok: true })
  await ingest({ nodeId, chatId, epoch: 1, facts: [{ pseq: 1, fact: { type: 'turn.accepted', turnId } }] })
  const { rows } = await pool().query<{ wstokenHash: Buffer }>('select "wstokenHash" from run where id = $1', [runId])
  const isLive = async () => (await findLiveRun(rows[0]!.wstokenHash)) !== null
  expect(await isLive()).toBe(true)

  // What is under way for somebody else stops with it; what its owner asks goes on.
  await setShared(owner, { connectionId, isShared: false })
  expect(await isLive()).toBe(false)
  await expect(send(mei, chatId)).rejects.toMatchObject(notYours)
  expect(await startRun(nodeId, { chatId, epoch: 1, runId: randomUUID() as RunId })).toMatchObject({ ok: false, code: notYours.code })
  await pool().query('update chat_head set "activeBy" = $2 where "chatId" = $1', [chatId, owner.userId])
  expect(await isLive()).toBe(true)
})

it('shares no login, nothing of others, and nothing that took the place of what was shared', async () => {
  const owner = await seedTeamScope()
  const mei = await seedTeamScope({ teamId: owner.teamId, role: 'member' })
  const project = await seedProjectScope(owner, 'prompt')
  const { connectionId } = await connect(owner, own)
  const share = (scope: TeamScope, id: string = connectionId) => setShared(scope, { connectionId: id, isShared: true })
  await expect(share(mei)).rejects.toMatchObject({ code: 'connection.missing' })
  await share(owner)
  const { chatId } = await createChat(project, { harness: 'codex' })
  const payer = async () => (await describeChat(await enterChat(mei, { act: 'read', chatId }))).payer
  await connect(owner, { ...own, secret: { kind: 'api-key', provider: 'openai', key: 'sk-proj-renewed-renewed' } })
  expect(await payer()).toMatchObject({ isShared: true })
  const contents = JSON.stringify({ tokens: { access_token: 'a', refresh_token: 'r' } })
  await connect(owner, { ...own, secret: { kind: 'auth-file', format: 'codex', contents } })
  expect(await payer()).toMatchObject({ isShared: false })
  await expect(share(owner)).rejects.toMatchObject({ code: 'request.invalid', facts: { problem: 'native-login' } })
  // Whatever a row says, a login is not one.
  await pool().query('update attachment set "isShared" = true where id = $1', [connectionId])
  expect(await payer()).toMatchObject({ isShared: false })
  await expect(send(mei, chatId)).rejects.toMatchObject({ code: 'connection.not-yours' })
  const shared = await connect(owner, { ...own, scope: 'project', projectId: project.projectId })
  await expect(share(owner, shared.connectionId)).rejects.toMatchObject({ code: 'request.invalid', facts: { problem: 'not-personal' } })
})
