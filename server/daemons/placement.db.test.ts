/** Which node gets a chat, and what people are told while none does. The rules themselves: `core/nodes/placement.test.ts`. */
import { randomUUID } from 'node:crypto'
import { beforeEach, expect, it } from 'vitest'
import type { ChatId, NodeId, RunId, TurnId } from '#core/ids.ts'
import type { SandboxReport } from '#core/links/daemon.ts'
import { MOVE_AFTER_MS } from '#core/nodes/placement.ts'
import { enterChat, enterProject, type TeamScope } from '#server/access/scope.ts'
import { createChat, readEvents, sendPrompt } from '#server/chats/service.ts'
import { connect } from '#server/connections/service.ts'
import { ingest } from '#server/daemons/ingest.ts'
import { claim, countWaiting, release, renew } from '#server/daemons/lease.ts'
import { leaveWorkspace, whyWaiting } from '#server/daemons/placement-service.ts'
import { createJoinToken, listNodes, removeNode, setDraining, setLabels } from '#server/daemons/service.ts'
import { startRun } from '#server/daemons/start-run.ts'
import { enrol } from '#server/daemons/testing-nodes.ts'
import { pool } from '#server/db/client.ts'
import { seedTeamScope } from '#server/db/testing.ts'
import { changeProject, createProject } from '#server/projects/service.ts'

let team: TeamScope
let projectId: string
beforeEach(async () => {
  await pool().query(`update command set state = 'done' where state = 'queued'`)
  await pool().query('update node set "disabledAt" = now(), name = id')
  team = await seedTeamScope()
  ;({ projectId } = await createProject(team, { name: 'Greeter' }))
  const secret = { kind: 'api-key', provider: 'openai', key: 'sk-proj-abcdefghijklmnopqrstuv' } as const
  await connect(team, { harness: 'codex', scope: 'user', secret })
})

/** A node that is there. */
async function online(name: string, { capacity = 2, labels = [] as string[] } = {}): Promise<NodeId> {
  const { nodeId } = await enrol((await createJoinToken(team, { name })).token)
  await pool().query('update node set "isConnected" = true, "lastSeenAt" = now(), capacity = $2 where id = $1', [nodeId, capacity])
  if (labels.length > 0) await setLabels(team, { nodeId, labels })
  return nodeId
}
const goOffline = (nodeId: NodeId) => pool().query('update node set "isConnected" = false where id = $1', [nodeId])

async function seedChat(): Promise<ChatId> {
  const { chatId } = await createChat(await enterProject(team, { act: 'prompt', projectId }), { harness: 'codex' })
  return chatId
}
async function send(chatId: ChatId): Promise<TurnId> {
  const turnId = randomUUID() as TurnId
  await sendPrompt(await enterChat(team, { act: 'prompt', chatId }), { turnId, prompt: [{ type: 'text', text: 'go' }] })
  return turnId
}
const waiting = async (): Promise<ChatId> => {
  const chatId = await seedChat()
  await send(chatId)
  return chatId
}
const take = async (nodeId: NodeId, max = 10) => (await claim(nodeId, max)).map((lease) => lease.chatId)
const why = async (chatId: ChatId) => whyWaiting(await enterChat(team, { act: 'read', chatId }))
const wait = (chatId: ChatId, ms: number) =>
  pool().query(`update command set at = at - $2 * interval '1 millisecond' where "chatId" = $1 and state = 'queued'`, [chatId, ms])

/** A turn on that node, and its end: the workspace lies there from then on. */
async function workOn(nodeId: NodeId): Promise<ChatId> {
  const chatId = await seedChat()
  const turnId = await send(chatId)
  expect(await take(nodeId)).toContain(chatId)
  const epoch = 1
  await ingest({ nodeId, chatId, epoch, facts: [{ pseq: 1, fact: { type: 'turn.accepted', turnId } }] })
  expect(await startRun(nodeId, { chatId, epoch, runId: randomUUID() as RunId })).toMatchObject({ ok: true })
  await pool().query(`update chat set "agentSessionId" = 'there' where id = $1`, [chatId])
  await ingest({
    nodeId,
    chatId,
    epoch,
    facts: [
      { pseq: 2, fact: { type: 'reply.appended', turnId, messageId: 'm' as never, offset: 0, text: 'I wrote the parser.' } },
      { pseq: 3, fact: { type: 'turn.ended', turnId, outcome: 'completed', stopReason: 'end_turn' } },
    ],
  })
  await release(nodeId, { chatId, epoch })
  return chatId
}

it('leaves a chat to the node with less to do, for a moment', async () => {
  const [busy, idle] = [await online('busy'), await online('idle')]
  await waiting()
  expect(await take(busy)).toHaveLength(1)
  const chatId = await waiting()
  expect(await take(busy)).toEqual([])
  expect(await take(idle)).toEqual([chatId])

  const next = await waiting()
  await waiting()
  await wait(next, 5_000)
  // Its hint may have been lost: whoever asks gets what nobody has taken by then.
  expect(await take(busy)).toContain(next)
})

it('runs a project on nodes with its labels alone, and says which are missing', async () => {
  const [plain, gpu] = [await online('plain'), await online('gpu box', { labels: ['gpu', 'eu'] })]
  await changeProject(await enterProject(team, { act: 'manage', projectId }), { nodeLabels: ['gpu'] })
  const chatId = await waiting()
  await wait(chatId, MOVE_AFTER_MS)
  expect(await take(plain)).toEqual([])
  expect(await countWaiting(plain)).toBe(0)
  await goOffline(gpu)
  expect(await why(chatId)).toEqual({ is: 'no-label', labels: ['gpu'] })
  await setLabels(team, { nodeId: plain, labels: ['gpu'] })
  expect(await why(chatId)).toBeNull()
  expect(await take(plain)).toEqual([chatId])
})

it('says how long the line is, and that there is no node at all', async () => {
  const chatId = await waiting()
  expect(await why(chatId)).toEqual({ is: 'no-node' })
  const nodeId = await online('small', { capacity: 1 })
  expect(await take(nodeId)).toEqual([chatId])
  const [second, third] = [await waiting(), await waiting()]
  expect(await take(nodeId, 0)).toEqual([])
  expect(await why(second)).toEqual({ is: 'full', position: 1 })
  expect(await why(third)).toEqual({ is: 'full', position: 2 })
  expect((await listNodes(team)).find((node) => node.nodeId === nodeId)).toMatchObject({ condition: 'full', held: 1 })
})

it('gives a draining node nothing, and calls it drained when nothing is left', async () => {
  const nodeId = await online('old', { capacity: 4 })
  const condition = async () => (await listNodes(team)).find((node) => node.nodeId === nodeId)?.condition
  const chatId = await waiting()
  await take(nodeId)
  await setDraining(team, { nodeId, isDraining: true })
  const next = await waiting()
  expect(await take(nodeId)).toEqual([])
  expect(await condition()).toBe('draining')
  expect(await why(next)).toEqual({ is: 'draining' })
  await release(nodeId, { chatId, epoch: 1 })
  expect(await condition()).toBe('drained')
  await setDraining(team, { nodeId, isDraining: false })
  expect(await take(nodeId)).toContain(next)
})

it('gives nothing to a node that cannot isolate agents, though it has least to do, and says so where there is no other', async () => {
  const nodeId = await online('bare')
  const report = (sandbox: SandboxReport) => pool().query('update node set sandbox = $2 where id = $1', [nodeId, JSON.stringify(sandbox)])
  await report({ level: 'none', reason: 'bubblewrap is not there', isMissing: true })
  const chatId = await waiting()
  expect(await take(nodeId)).toEqual([])
  expect(await why(chatId)).toEqual({ is: 'no-sandbox' })
  expect((await listNodes(team)).find((node) => node.nodeId === nodeId)).toMatchObject({ condition: 'no-sandbox' })

  const other = await online('cellar')
  await waiting().then(() => take(other, 1))
  await waiting()
  expect(await take(other, 1)).toHaveLength(1)

  const next = await waiting()
  // Its owner let agents run without one.
  await report({ level: 'none', reason: 'The owner switched the sandbox off' })
  expect(await take(nodeId)).toContain(next)
})

it('keeps a chat where its workspace lies, then moves it and says so, with what its agent has to know', async () => {
  const [home, other] = [await online('attic', { capacity: 1 }), await online('cellar')]
  const chatId = await workOn(home)
  await waiting().then((busy) => expect(take(home)).resolves.toEqual([busy]))
  await send(chatId)
  expect(await take(other)).toEqual([])
  expect(await why(chatId)).toMatchObject({ is: 'workspace', node: 'attic', because: 'full', position: 1 })

  // Since its last run, not since its prompt: a turn may have run for hours before this one's time came.
  await wait(chatId, 2 * MOVE_AFTER_MS)
  expect(await take(other)).toEqual([])
  await pool().query(`update run set "endedAt" = now() - interval '1 hour' where "chatId" = $1`, [chatId])
  const [lease] = await claim(other, 1)
  expect(lease).toMatchObject({ chatId, epoch: 2 })
  const { events } = await readEvents(await enterChat(team, { act: 'read', chatId }), { afterSeq: 0, limit: 100 })
  expect(events.at(-1)).toMatchObject({
    type: 'workspace.moved',
    from: { nodeId: home, name: 'attic' },
    to: { nodeId: other, name: 'cellar' },
  })

  // The agent there has not met the chat: it is told with its first prompt, and resumes nothing.
  const turnId = lease!.commands.find((command) => command.kind === 'prompt')!.id as TurnId
  const reply = await ingest({ nodeId: other, chatId, epoch: 2, facts: [{ pseq: 1, fact: { type: 'turn.accepted', turnId } }] })
  const told = JSON.stringify(reply)
  expect(told).toContain('goes on here from another machine')
  expect(told).toContain('I wrote the parser.')
  expect(await startRun(other, { chatId, epoch: 2, runId: randomUUID() as RunId })).toMatchObject({
    ok: true,
    grant: { agentSessionId: null },
  })
})

/** Whoever works on the chat has not been heard for a while: nobody could hear anything. */
const lapse = (chatId: ChatId, agoMs: number) =>
  pool().query(`update chat_head set "leaseUntil" = now() - $2 * interval '1 millisecond' where "chatId" = $1`, [chatId, agoMs])

it('leaves a turn in the middle where it runs, when its lease ran out with the next prompt long in line', async () => {
  const [home, other] = [await online('attic', { capacity: 1 }), await online('cellar')]
  const chatId = await seedChat()
  const turnId = await send(chatId)
  await take(home)
  await ingest({ nodeId: home, chatId, epoch: 1, facts: [{ pseq: 1, fact: { type: 'turn.accepted', turnId } }] })
  await send(chatId)
  await wait(chatId, 2 * MOVE_AFTER_MS)
  await lapse(chatId, 1_000)
  expect(await take(other)).toEqual([])
  // Its own turn is no reason to go elsewhere, however long that lasts.
  await lapse(chatId, 2 * MOVE_AFTER_MS)
  expect(await take(other)).toEqual([])
  expect(await why(chatId)).toBeNull()

  await setDraining(team, { nodeId: home, isDraining: true })
  await lapse(chatId, 1_000)
  expect(await take(other)).toEqual([])
  expect(await why(chatId)).toEqual({ is: 'workspace', node: 'attic', because: 'draining' })
  expect(await renew(home, [{ chatId, epoch: 1 }])).toMatchObject([{ chatId, epoch: 1 }])
  await lapse(chatId, 2 * MOVE_AFTER_MS)
  expect(await take(other)).toEqual([chatId])
})

it('waits for a node that is away until somebody goes on without it', async () => {
  const [home, other] = [await online('laptop'), await online('cellar')]
  const chatId = await workOn(home)
  await goOffline(home)
  await send(chatId)
  await wait(chatId, 10 * MOVE_AFTER_MS)
  await pool().query(`update run set "endedAt" = now() - interval '1 hour' where "chatId" = $1`, [chatId])
  expect(await take(other)).toEqual([])
  expect(await why(chatId)).toEqual({ is: 'workspace', node: 'laptop', because: 'offline' })
  const scope = await enterChat(team, { act: 'prompt', chatId })
  await leaveWorkspace(scope)
  await expect(leaveWorkspace(scope)).rejects.toMatchObject({ code: 'chat.busy' })
  expect(await take(other)).toEqual([chatId])
  await expect(leaveWorkspace(scope)).rejects.toMatchObject({ code: 'chat.busy' })
})

it('says once that a chat moved, also where nobody heard that the node had it, and tells the agent all the same', async () => {
  const [home, other] = [await online('attic'), await online('cellar')]
  const chatId = await workOn(home)
  await goOffline(home)
  await send(chatId)
  await leaveWorkspace(await enterChat(team, { act: 'prompt', chatId }))
  expect(await take(other)).toEqual([chatId])
  // The line broke after the commit: neither the node nor the context of the chat got anything.
  await pool().query(`update chat_head set "leaseUntil" = now() - interval '1 second' where "chatId" = $1`, [chatId])
  await pool().query('update chat set "forkContext" = null where id = $1', [chatId])
  expect(await take(other)).toEqual([chatId])
  const { events } = await readEvents(await enterChat(team, { act: 'read', chatId }), { afterSeq: 0, limit: 100 })
  expect(events.filter((event) => event.type === 'workspace.moved')).toHaveLength(1)
  const { rows } = await pool().query('select "forkContext" from chat where id = $1', [chatId])
  expect(rows[0].forkContext).toContain('I wrote the parser.')
})

/** Chats in line like this one, earlier than everything that comes. */
async function crowd(like: ChatId, count: number): Promise<void> {
  const copies = (table: string, key: string, rest: string) =>
    pool().query(
      `insert into ${table} select (jsonb_populate_record(t, jsonb_build_object('${key}', md5(t."${key}"::text || n)::uuid${rest}))).*
       from ${table} t, generate_series(1, $2) n where t."${key}" = $1`,
      [like, count],
    )
  await copies('chat', 'id', '')
  await copies('chat_head', 'chatId', '')
  await copies('command', 'chatId', `, 'id', gen_random_uuid(), 'ord', t.ord - n`)
}

it('serves those behind hundreds that wait for a node that is away, and says why each of them waits', async () => {
  const [home, other] = [await online('laptop'), await online('cellar')]
  const lying = await workOn(home)
  await goOffline(home)
  await send(lying)
  await pool().query(`delete from command where "chatId" = $1 and state <> 'queued'`, [lying])
  await crowd(lying, 600)
  const chatId = await waiting()
  expect(await take(other)).toEqual([chatId])
  expect(await why(lying)).toEqual({ is: 'workspace', node: 'laptop', because: 'offline' })
})

it('serves those behind hundreds that wait for labels which no node has', async () => {
  const nodeId = await online('plain', { capacity: 1 })
  const labelled = await waiting()
  await changeProject(await enterProject(team, { act: 'manage', projectId }), { nodeLabels: ['gpu'] })
  await crowd(labelled, 600)
  ;({ projectId } = await createProject(team, { name: 'Other' }))
  const [first, second] = [await waiting(), await waiting()]
  expect(await take(nodeId, 1)).toEqual([first])
  expect(await why(second)).toEqual({ is: 'full', position: 1 })
  expect(await why(labelled)).toEqual({ is: 'no-label', labels: ['gpu'] })
})

it('goes on elsewhere from a node that was removed, and says where it was', async () => {
  const [home, other] = [await online('attic'), await online('cellar')]
  const chatId = await workOn(home)
  await removeNode(team, { nodeId: home })
  await send(chatId)
  expect(await take(other)).toEqual([chatId])
  const { events } = await readEvents(await enterChat(team, { act: 'read', chatId }), { afterSeq: 0, limit: 100 })
  expect(events.at(-1)).toMatchObject({ type: 'workspace.moved', from: { name: 'attic' }, to: { name: 'cellar' } })
})
