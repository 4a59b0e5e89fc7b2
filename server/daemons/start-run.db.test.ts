import { randomUUID } from 'node:crypto'
import { beforeEach, expect, it } from 'vitest'
import type { ChatId, NodeId, RunId, TurnId } from '#core/ids.ts'
import { enterChat, type TeamScope } from '#server/access/scope.ts'
import { createChat, sendPrompt } from '#server/chats/service.ts'
import { connect } from '#server/connections/service.ts'
import { disconnect } from '#server/connections/undo-service.ts'
import { ingest } from '#server/daemons/ingest.ts'
import { claim } from '#server/daemons/lease.ts'
import { insertRun } from '#server/daemons/run-store.ts'
import { seedNode } from '#server/daemons/testing-nodes.ts'
import { startRun } from '#server/daemons/start-run.ts'
import { pool, prisma } from '#server/db/client.ts'
import { hashToken } from '#server/db/mint.ts'
import { seedProjectScope, seedTeamScope } from '#server/db/testing.ts'

let nodeId: NodeId
beforeEach(async () => {
  nodeId = await seedNode()
  await pool().query(`update command set state = 'done' where state = 'queued'`)
})

const turn = () => randomUUID() as TurnId
const run = () => randomUUID() as RunId
const key = (secret: string) => ({ kind: 'api-key', provider: 'openai', key: `sk-proj-abcdefghijklmnop-${secret}` }) as const

/** A project whose chat runs on a shared key, and a colleague who prompts it too. */
async function seedSharedChat() {
  const team = await seedTeamScope()
  const mei = await seedTeamScope({ teamId: team.teamId, role: 'member', name: 'Mei' })
  const project = await seedProjectScope(team, 'prompt')
  const { connectionId } = await connect(team, { harness: 'codex', scope: 'project', projectId: project.projectId, secret: key('one') })
  const { chatId } = await createChat(project, { harness: 'codex' })
  return { team, mei, projectId: project.projectId, connectionId, chatId }
}

async function send(person: TeamScope, chatId: ChatId) {
  const turnId = turn()
  await sendPrompt(await enterChat(person, { act: 'prompt', chatId }), { turnId, prompt: [{ type: 'text', text: 'go' }] })
  return turnId
}

let pseq = 0
const append = (chatId: ChatId, ...facts: Parameters<typeof ingest>[0]['facts'][number]['fact'][]) =>
  ingest({ nodeId, chatId, epoch: 1, facts: facts.map((fact) => ({ pseq: (pseq += 1), fact })) })
const accept = (chatId: ChatId, turnId: TurnId) => append(chatId, { type: 'turn.accepted', turnId })
const end = (chatId: ChatId, turnId: TurnId) => append(chatId, { type: 'turn.ended', turnId, outcome: 'completed', stopReason: 'end_turn' })

it('lets a warm run serve the next prompt only while what it pinned still holds', async () => {
  pseq = 0
  const { team, mei, projectId, chatId } = await seedSharedChat()
  const first = await send(team, chatId)
  await claim(nodeId, 10)
  expect(await startRun(nodeId, { chatId, epoch: 1, runId: run() })).toMatchObject({ ok: true })
  expect(await accept(chatId, first)).toMatchObject({ accepted: [{ turnId: first, model: null }] })
  await end(chatId, first)

  const second = await send(mei, chatId)
  const served = await accept(chatId, second)
  expect(served).toMatchObject({ accepted: [{ turnId: second }] })
  expect(JSON.stringify(served)).not.toContain('mustStartAnew')
  await end(chatId, second)

  // The same credential, a new secret in it: the version that the run pinned opens nothing any more.
  await connect(team, { harness: 'codex', scope: 'project', projectId, secret: key('two') })
  const third = await send(mei, chatId)
  expect(await accept(chatId, third)).toMatchObject({ accepted: [{ turnId: third, mustStartAnew: true }] })
  expect(await startRun(nodeId, { chatId, epoch: 1, runId: run() })).toMatchObject({ ok: true, grant: { credentialVersion: 2 } })
})

it('never serves a colleague on the personal key that took the place of the shared one', async () => {
  pseq = 0
  const { team, mei, chatId, connectionId } = await seedSharedChat()
  await connect(team, { harness: 'codex', scope: 'user', secret: key('own') })
  const [own, hers] = [await send(team, chatId), await send(mei, chatId)]
  await disconnect(team, { connectionId })
  await claim(nodeId, 10)
  // Its first prompt is the owner's, so the run starts on the personal key.
  expect(await startRun(nodeId, { chatId, epoch: 1, runId: run() })).toMatchObject({ ok: true })
  expect(JSON.stringify(await accept(chatId, own))).not.toContain('mustStartAnew')
  await end(chatId, own)
  expect(await accept(chatId, hers)).toMatchObject({ accepted: [{ turnId: hers, mustStartAnew: true }] })
  expect(await startRun(nodeId, { chatId, epoch: 1, runId: run() })).toMatchObject({ ok: false, code: 'connection.not-yours' })
})

it('starts nothing in what is archived, nothing when nobody waits, and nothing for a lease that has gone to another', async () => {
  const { team, chatId, projectId } = await seedSharedChat()
  await send(team, chatId)
  await claim(nodeId, 10)
  await pool().query('update project set "archivedAt" = now() where id = $1', [projectId])
  expect(await startRun(nodeId, { chatId, epoch: 1, runId: run() })).toMatchObject({ ok: false, code: 'chat.archived' })
  await pool().query('update project set "archivedAt" = null where id = $1', [projectId])
  await pool().query(`update command set state = 'withdrawn' where "chatId" = $1`, [chatId])
  expect(await startRun(nodeId, { chatId, epoch: 1, runId: run() })).toMatchObject({ ok: false, code: 'turn.missing' })
  const late = {
    chatId,
    nodeId,
    epoch: 1,
    harness: 'codex',
    provider: 'openai',
    dialect: 'openai-responses',
    credentialId: 'c',
    credentialVersion: 1,
    wstokenHash: null,
    sentinelHash: null,
    loginRevision: null,
    keepsLogin: false,
    mcpTokenHash: null,
    mcpGroups: [],
  }
  const held = run()
  expect(await insertRun(pool(), { ...late, runId: held })).toEqual({ isRepeated: false })
  expect(await insertRun(pool(), { ...late, runId: held })).toEqual({ isRepeated: true })
  await pool().query('update chat_head set epoch = 2 where "chatId" = $1', [chatId])
  expect(await insertRun(pool(), { ...late, runId: run() })).toBe(null)
  // Nor does the late one end what runs by now.
  expect((await pool().query('select id from run where "chatId" = $1 and "endedAt" is null', [chatId])).rows).toEqual([{ id: held }])
})

it('starts nothing on a connection whose dialect the harness does not speak', async () => {
  const { team, chatId } = await seedSharedChat()
  await send(team, chatId)
  await claim(nodeId, 10)
  // As after an update in which a harness forgot a dialect: nobody can connect it so today.
  await pool().query(
    `update credential set provider = 'custom', "baseUrl" = 'https://llm.example.org', dialect = 'gemini-generate' where "createdBy" = $1`,
    [team.userId],
  )
  expect(await startRun(nodeId, { chatId, epoch: 1, runId: run() })).toMatchObject({
    ok: false,
    code: 'connection.refused-by-harness',
    facts: { harness: 'codex', scope: 'project' },
  })
})

it('hands out what opens our tools for this run alone, and nothing where the project has them off', async () => {
  const { team, projectId, chatId } = await seedSharedChat()
  await send(team, chatId)
  await claim(nodeId, 10)
  const granted = async (runId: RunId) => {
    const started = await startRun(nodeId, { chatId, epoch: 1, runId })
    if (!started.ok) throw new Error(started.code)
    const { rows } = await pool().query('select "mcpTokenHash", "mcpGroups" from run where id = $1', [runId])
    return { token: started.grant.mcpToken, ...(rows[0] as { mcpTokenHash: Buffer | null; mcpGroups: string[] }) }
  }
  const [one, other] = [await granted(run()), await granted(run())]
  for (const { token, mcpTokenHash, mcpGroups } of [one, other]) {
    expect(token).toMatch(/^mct_[\w-]{43}$/)
    expect(mcpTokenHash).toEqual(hashToken(token!))
    expect(mcpGroups).toEqual(['project', 'chats', 'tasks', 'people', 'delegation', 'usage'])
  }
  expect(one.token).not.toBe(other.token)

  await prisma().project.update({ where: { id: projectId }, data: { mcpGroupsOff: ['chats', 'people', 'delegation'] } })
  expect((await granted(run())).mcpGroups).toEqual(['project', 'tasks', 'usage'])
  await prisma().project.update({
    where: { id: projectId },
    data: { mcpGroupsOff: ['project', 'chats', 'tasks', 'people', 'delegation', 'usage'] },
  })
  expect(await granted(run())).toEqual({ token: null, mcpTokenHash: null, mcpGroups: [] })

  // One that the project brings needs it as well; one that is off does not.
  const own = (name: string, isEnabled: boolean) => {
    const sealed = { sealed: Buffer.alloc(1), masterVersion: 1, headerNames: [], createdBy: team.userId }
    return { id: randomUUID(), teamId: team.teamId, projectId, name, url: 'https://mcp.example.org', isEnabled, ...sealed }
  }
  const docs = own('docs', true)
  await prisma().projectMcpServer.createMany({ data: [docs, own('off', false)] })
  const started = await startRun(nodeId, { chatId, epoch: 1, runId: run() })
  expect(started).toMatchObject({
    ok: true,
    grant: { mcpToken: expect.stringMatching(/^mct_/) as string, mcpServers: [{ name: 'docs', serverId: docs.id }] },
  })
})
