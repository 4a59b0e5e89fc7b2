/** Who may speak for a node, and what happens when two do. */
import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { NodeId, TurnId } from '#core/ids.ts'
import { enterChat, type TeamScope } from '#server/access/scope.ts'
import { createChat, sendPrompt } from '#server/chats/service.ts'
import { connect } from '#server/connections/service.ts'
import { createJoinToken, inviteLocalNode, joinNode, listNodes, removeNode, renewKey } from '#server/daemons/service.ts'
import { openSocketServer, TestDaemon, usualHello } from '#server/daemons/testing.ts'
import { enrol, makeEnrolment, nextBoot, proofOf } from '#server/daemons/testing-nodes.ts'
import { pool } from '#server/db/client.ts'
import { seedProjectScope, seedTeamScope } from '#server/db/testing.ts'

let server: Awaited<ReturnType<typeof openSocketServer>>
let team: TeamScope
let nodeId: NodeId
const daemons: TestDaemon[] = []
beforeAll(async () => {
  server = await openSocketServer()
})
afterAll(() => server.close())
beforeEach(async () => {
  team = await seedTeamScope()
  nodeId = (await enrol((await createJoinToken(team, { name: 'attic' })).token)).nodeId
})
afterEach(async () => {
  for (const daemon of daemons.splice(0)) daemon.close()
  await pool().query(`update command set state = 'done' where state = 'queued'`)
})

const connected = (): TestDaemon => {
  const daemon = TestDaemon.connect(server.url)
  daemons.push(daemon)
  return daemon
}
async function greeted(options: Parameters<TestDaemon['greet']>[1] = {}): Promise<TestDaemon> {
  const daemon = connected()
  expect(await daemon.greet(nodeId, options)).toMatchObject({ ok: true })
  return daemon
}
const conditionOf = async (of = nodeId) => (await listNodes(team)).find((node) => node.nodeId === of)?.condition
const cutOff = (daemon: TestDaemon) =>
  new Promise<void>((resolve) => (daemon.socket.connected ? daemon.socket.once('disconnect', () => resolve()) : resolve()))

async function queueChat() {
  await connect(team, {
    harness: 'codex',
    scope: 'user',
    secret: { kind: 'api-key', provider: 'openai', key: 'sk-proj-abcdefghijklmnopqrstuv' },
  })
  const { chatId } = await createChat(await seedProjectScope(team, 'prompt'), { harness: 'codex' })
  const turnId = randomUUID() as TurnId
  await sendPrompt(await enterChat(team, { act: 'prompt', chatId }), { turnId, prompt: [{ type: 'text', text: 'go' }] })
  return { chatId, turnId }
}

it('takes a key for a join token once, from whoever has its private half', async () => {
  const { token } = await createJoinToken(team, { name: 'cellar' })
  const { enrolment } = makeEnrolment(token)
  const other = makeEnrolment(token)
  // A key of somebody else's, under a signature that is not its own.
  await expect(joinNode({ ...enrolment, publicKey: other.enrolment.publicKey })).rejects.toMatchObject({ code: 'request.invalid' })
  await expect(joinNode({ ...enrolment, publicKey: 'AAAA' })).rejects.toMatchObject({ code: 'request.invalid' })
  const outcomes = await Promise.allSettled([joinNode(enrolment), joinNode(other.enrolment)])
  expect(outcomes.map((each) => each.status).toSorted()).toEqual(['fulfilled', 'rejected'])
  await expect(joinNode(makeEnrolment(token).enrolment)).rejects.toMatchObject({ code: 'node.join-token-unusable' })

  const late = await createJoinToken(team, { name: 'late' })
  await pool().query(`update node_join_token set "expiresAt" = now() where "nodeName" = 'late'`)
  await expect(enrol(late.token)).rejects.toMatchObject({ code: 'node.join-token-unusable' })
})

it('takes a greeting for the nonce of its own connection alone, once', async () => {
  const [first, second] = [connected(), connected()]
  const say = (daemon: TestDaemon, nonce: string) =>
    daemon.call('hello', { ...usualHello, proof: proofOf(nodeId, { nonce, boot: nextBoot() }) })
  const [own, foreign] = [(await first.call('challenge', {})).nonce, (await second.call('challenge', {})).nonce]
  expect(await say(first, foreign)).toEqual({ ok: false, code: 'identity-refused' })
  // The nonce is spent, whatever was said to it.
  expect(await say(first, own)).toEqual({ ok: false, code: 'identity-refused' })
  expect(await first.ask('claim', { max: 1 })).toEqual({ error: 'not-greeted' })
  expect(await say(second, foreign)).toMatchObject({ ok: true })
})

it('knows a daemon of another version by its signature, and says so where it is missed', async () => {
  const daemon = connected()
  const { nonce } = await daemon.call('challenge', {})
  const proof = proofOf(nodeId, { nonce, boot: nextBoot() })
  expect(await daemon.call('hello', { protocol: 99, proof })).toEqual({ ok: false, code: 'protocol-foreign' })
  expect(await conditionOf()).toBe('foreign')
})

it('notices that one identity is used in two places, and gives neither anything more', async () => {
  const original = await greeted()
  const { chatId } = await queueChat()
  expect((await original.call('claim', { max: 4 })).leases).toMatchObject([{ chatId, epoch: 1 }])
  // The home was copied, and a daemon starts from the copy.
  const copy = await greeted()
  await Promise.all([cutOff(original), cutOff(copy)])
  expect(await conditionOf()).toBe('cloned')
  const { rows } = await pool().query('select epoch, "nodeId" from chat_head where "chatId" = $1', [chatId])
  expect(rows).toEqual([{ epoch: 2, nodeId: null }])
  for (const daemon of [connected(), connected()]) expect(await daemon.greet(nodeId)).toEqual({ ok: false, code: 'identity-cloned' })
  const { rows: entries } = await pool().query(`select "actorName" from audit_entry where "subjectId" = $1 and act = 'node.cloned'`, [
    nodeId,
  ])
  expect(entries).toEqual([{ actorName: 'Gatehouse' }])

  // A new key for the machine that an admin knows: the copy is out, and the chat's workspace is still the node's.
  const renewed = await renewKey(team, { nodeId })
  expect(await conditionOf()).toBe('keyless')
  expect(await connected().greet(nodeId)).toEqual({ ok: false, code: 'identity-refused' })
  expect((await enrol(renewed!.token)).nodeId).toBe(nodeId)
  await greeted()
  expect(await conditionOf()).toBe('ready')
  expect((await pool().query('select "nodeId" from chat where id = $1', [chatId])).rows).toEqual([{ nodeId }])
})

it('does not take a restart for a copy, however late the old line is noticed to be dead', async () => {
  const before = await greeted()
  const { chatId } = await queueChat()
  await before.call('claim', { max: 4 })
  before.isAlive = false
  const after = await greeted({ held: [{ chatId, epoch: 1 }] })
  // For as long as the one before may be alive, this one gets nothing.
  expect(await after.ask('claim', { max: 4 })).toEqual({ error: 'unavailable' })
  await cutOff(before)
  await after.hint((hint) => hint.hint === 'work')
  expect(await after.call('renew', { leases: [{ chatId, epoch: 1 }] })).toMatchObject({ kept: [{ chatId }] })
  expect(await conditionOf()).toBe('ready')
})

it('lets one start come back on another connection, and hangs up the one before', async () => {
  const boot = nextBoot()
  const before = await greeted({ boot })
  before.isAlive = false
  const after = await greeted({ boot: { ...boot, greeting: 2 } })
  expect(await after.call('claim', { max: 1 })).toMatchObject({ leases: [] })
  await cutOff(before)
  expect(await conditionOf()).toBe('ready')
})

it('takes the last word of a dead start for what it is, and that of a living one for a copy', async () => {
  const [earlier, later] = [nextBoot(), nextBoot()]
  const newest = await greeted({ boot: later })
  const dead = connected()
  dead.isAlive = false
  // Held up in a line for seconds, and delivered after a later start has greeted.
  const [said] = await Promise.allSettled([dead.greet(nodeId, { boot: earlier }), cutOff(dead)])
  expect(said.status).toBe('rejected')
  expect(await newest.call('claim', { max: 1 })).toMatchObject({ leases: [] })
  expect(await conditionOf()).toBe('ready')

  const copy = connected()
  await expect(copy.greet(nodeId, { boot: earlier })).rejects.toThrow('disconnected')
  await Promise.all([cutOff(copy), cutOff(newest)])
  expect(await conditionOf()).toBe('cloned')
})

it('notices two starts with the same number', async () => {
  const boot = nextBoot()
  const newest = await greeted({ boot })
  const copy = connected()
  await expect(copy.greet(nodeId, { boot: { ...boot, id: randomUUID() } })).rejects.toThrow('disconnected')
  await Promise.all([cutOff(copy), cutOff(newest)])
  expect(await conditionOf()).toBe('cloned')
})

it('notices a copy that greeted another server, whose word was lost, at the next claim', async () => {
  const original = await greeted()
  // What the other server wrote down.
  await pool().query(`update node set "bootCount" = "bootCount" + 1, "bootId" = $2, connection = 'elsewhere' where id = $1`, [
    nodeId,
    randomUUID(),
  ])
  expect(await original.call('claim', { max: 1 })).toEqual({ leases: [], waiting: 0, isDraining: false })
  await cutOff(original)
  expect(await conditionOf()).toBe('cloned')
})

it('cuts a node off that is removed or gets a new key, and answers it like a stranger from then on', async () => {
  const daemon = await greeted()
  await Promise.all([renewKey(team, { nodeId }), cutOff(daemon)])
  expect(await conditionOf()).toBe('keyless')
  expect(await connected().greet(nodeId)).toEqual({ ok: false, code: 'identity-refused' })
  await removeNode(team, { nodeId })
  await expect(renewKey(team, { nodeId })).rejects.toMatchObject({ code: 'node.missing' })
})

it('gives nobody a token for the server’s own machine, only its own server', async () => {
  const { nodeId: own } = await inviteLocalNode({ nodeId: null, publicKey: null, name: 'here' })
  expect(await renewKey(team, { nodeId: own })).toBeNull()
  const { token } = await inviteLocalNode({ nodeId: own, publicKey: null, name: 'here' })
  expect((await enrol(token!)).nodeId).toBe(own)
})
