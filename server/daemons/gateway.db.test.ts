import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { DaemonFact } from '#core/chat/events.ts'
import { foldAll } from '#core/chat/fold.ts'
import { emptyChat } from '#core/chat/view.ts'
import type { ChatId, MessageId, RequestId, RunId, TurnId } from '#core/ids.ts'
import { enterChat } from '#server/access/scope.ts'
import { connect, setEnabled } from '#server/connections/service.ts'
import { answerPermission, cancelTurn, createChat, editQueued, listChats, readEvents, sendPrompt, withdraw } from '#server/chats/service.ts'
import { claim, endSilentLeases } from '#server/daemons/lease.ts'
import { createJoinToken, listNodes, removeNode } from '#server/daemons/service.ts'
import { enrol } from '#server/daemons/testing-nodes.ts'
import { openSocketServer, TestDaemon } from '#server/daemons/testing.ts'
import { pool } from '#server/db/client.ts'
import { hashToken } from '#server/db/mint.ts'
import { seedProjectScope, seedTeamScope } from '#server/db/testing.ts'

let server: Awaited<ReturnType<typeof openSocketServer>>
let daemon: TestDaemon
beforeAll(async () => {
  server = await openSocketServer()
})
afterAll(() => server.close())
afterEach(async () => {
  daemon?.close()
  // What one test left waiting is not the next one's to claim.
  await pool().query(`update command set state = 'done' where state = 'queued'`)
  await pool().query('update chat set "nodeId" = null')
})

const text = (value: string) => [{ type: 'text' as const, text: value }]
const turn = () => randomUUID() as TurnId

async function seedReadyChat() {
  const team = await seedTeamScope()
  const { connectionId } = await connect(team, {
    harness: 'codex',
    scope: 'user',
    secret: { kind: 'api-key', provider: 'openai', key: 'sk-proj-abcdefghijklmnopqrstuv' },
  })
  const { chatId } = await createChat(await seedProjectScope(team, 'prompt'), { harness: 'codex' })
  return { team, connectionId, chatId, scope: await enterChat(team, { act: 'prompt', chatId }) }
}
type Ready = Awaited<ReturnType<typeof seedReadyChat>>

const viewOf = async ({ scope }: Ready) => foldAll(emptyChat, (await readEvents(scope, { afterSeq: 0, limit: 1_000 })).events)
const statusOf = async ({ team, chatId }: Ready) => (await listChats(team, {})).find((chat) => chat.chatId === chatId)!.status
const say = (turnId: TurnId, offset: number, piece: string): DaemonFact => ({
  type: 'reply.appended',
  turnId,
  messageId: 'm' as MessageId,
  offset,
  text: piece,
})

async function claimed(chatId: ChatId) {
  const { leases } = await daemon.call('claim', { max: 10 })
  return leases.find((lease) => lease.chatId === chatId)!
}

it('carries a prompt to a daemon and its reply back, by the whole protocol', async () => {
  const chat = await seedReadyChat()
  daemon = await TestDaemon.join(server.url)
  const turnId = turn()
  daemon.hints.length = 0
  await sendPrompt(chat.scope, { turnId, prompt: text('Say hello') })
  expect(await statusOf(chat)).toBe('queued')
  await daemon.hint((hint) => hint.hint === 'work')

  const lease = await claimed(chat.chatId)
  expect(lease).toEqual({
    chatId: chat.chatId,
    epoch: 1,
    commands: [{ kind: 'prompt', id: turnId, turnId, by: chat.team.userId, prompt: text('Say hello'), model: null }],
  })
  expect(await daemon.append(chat.chatId, 1, 1, { type: 'turn.accepted', turnId })).toEqual({
    is: 'acknowledged',
    pseq: 1,
    accepted: [{ turnId, prompt: text('Say hello'), model: null }],
  })
  expect(await statusOf(chat)).toBe('running')

  const runId = randomUUID() as RunId
  const started = await daemon.call('startRun', { chatId: chat.chatId, epoch: 1, runId })
  expect(started).toMatchObject({
    ok: true,
    grant: {
      runId,
      harness: 'codex',
      delivery: { via: 'proxy', provider: 'openai', wstoken: expect.stringMatching(/^wst_/) },
      agentSessionId: null,
    },
  })
  if (!started.ok || started.grant.delivery.via !== 'proxy') throw new Error('not proxied')
  const hash = hashToken(started.grant.delivery.wstoken)
  const liveRun = async () => (await pool().query('select id, "endedAt" from run where "wstokenHash" = $1', [hash])).rows
  expect(await liveRun()).toEqual([{ id: runId, endedAt: null }])

  await daemon.call('sessionOpened', { chatId: chat.chatId, epoch: 1, runId, agentSessionId: 'agent-session' })
  await daemon.append(chat.chatId, 1, 2, say(turnId, 0, 'Hel'), say(turnId, 3, 'lo'))
  // The acknowledgement of this one is lost, so the daemon sends it again.
  const end: DaemonFact = { type: 'turn.ended', turnId, outcome: 'completed', stopReason: 'end_turn' }
  expect(await daemon.append(chat.chatId, 1, 4, end)).toEqual({ is: 'acknowledged', pseq: 4 })
  expect(await daemon.append(chat.chatId, 1, 4, end)).toEqual({ is: 'acknowledged', pseq: 4 })
  expect(await statusOf(chat)).toBe('idle')

  await daemon.call('runEnded', { chatId: chat.chatId, epoch: 1, runId, keepsLogin: false })
  expect(await liveRun()).toEqual([{ id: runId, endedAt: expect.any(Date) }])
  await daemon.call('release', { chatId: chat.chatId, epoch: 1 })

  const view = await viewOf(chat)
  expect(view.turns.map(({ status, items }) => ({ status, items }))).toEqual([
    { status: 'completed', items: [{ is: 'reply', messageId: 'm', text: 'Hello' }] },
  ])

  // The next lease resumes the agent's session, under a new epoch.
  await sendPrompt(chat.scope, { turnId: turn(), prompt: text('Again') })
  expect((await claimed(chat.chatId)).epoch).toBe(2)
  const next = await daemon.call('startRun', { chatId: chat.chatId, epoch: 2, runId: randomUUID() as RunId })
  expect(next).toMatchObject({ ok: true, grant: { agentSessionId: 'agent-session' } })
})

it('hears at its greeting which logins still lie on a machine, and frees those that are lost with it', async () => {
  const kept = async (chatId: ChatId) =>
    (await pool().query('select "keepsLogin" from run where "chatId" = $1', [chatId])).rows.map((row) => row.keepsLogin)
  const [told, lost] = [await seedReadyChat(), await seedReadyChat()]
  daemon = await TestDaemon.join(server.url)
  for (const chat of [told, lost]) {
    await sendPrompt(chat.scope, { turnId: turn(), prompt: text('Begin') })
    const { epoch } = await claimed(chat.chatId)
    await daemon.call('startRun', { chatId: chat.chatId, epoch, runId: randomUUID() as RunId })
    await pool().query('update run set "keepsLogin" = true, "endedAt" = now() where "chatId" = $1', [chat.chatId])
  }
  daemon.close()
  daemon = await TestDaemon.join(server.url, { logins: [told.chatId] })
  expect([await kept(told.chatId), await kept(lost.chatId)]).toEqual([[true], [false]])
})

it('answers overlaps and another epoch, and keeps what a fenced daemon still held beside the log', async () => {
  const chat = await seedReadyChat()
  daemon = await TestDaemon.join(server.url)
  const turnId = turn()
  await sendPrompt(chat.scope, { turnId, prompt: text('one') })
  await claimed(chat.chatId)
  await daemon.append(chat.chatId, 1, 1, { type: 'turn.accepted', turnId })
  // Half of it is stored: only the rest is new, and the acceptance is answered again.
  expect(await daemon.append(chat.chatId, 1, 1, { type: 'turn.accepted', turnId }, say(turnId, 0, 'a'))).toEqual({
    is: 'acknowledged',
    pseq: 2,
    accepted: [{ turnId, prompt: text('one'), model: null }],
  })

  // The daemon falls silent; another claims. Its last append had been committed, but its acknowledgement was lost.
  await daemon.append(chat.chatId, 1, 3, say(turnId, 1, 'b'))
  await pool().query(`update chat_head set "leaseUntil" = now() - interval '1 second' where "chatId" = $1`, [chat.chatId])
  await sendPrompt(chat.scope, { turnId: turn(), prompt: text('two') })
  expect((await claimed(chat.chatId)).epoch).toBe(2)
  const late = [say(turnId, 1, 'b'), say(turnId, 2, 'c')]
  expect(await daemon.append(chat.chatId, 1, 3, ...late)).toEqual({ is: 'fenced', epoch: 2, finalPseq: 3 })
  const rest = { chatId: chat.chatId, epoch: 1, facts: late.map((fact, at) => ({ pseq: 3 + at, fact })) }
  await daemon.call('salvage', rest)
  await daemon.call('salvage', rest)
  const orphans = await pool().query('select epoch, pseq::int, type from orphan_event where "chatId" = $1', [chat.chatId])
  // In the log or beside it, never in both: the number where the epoch ended decides.
  expect(orphans.rows).toEqual([{ epoch: 1, pseq: 4, type: 'reply.appended' }])
  expect(await viewOf(chat)).toMatchObject({ turns: [{ status: 'interrupted', items: [{ text: 'ab' }] }, { status: 'queued' }] })
})

it('interrupts what a lost daemon left open, in the claim itself', async () => {
  const chat = await seedReadyChat()
  daemon = await TestDaemon.join(server.url)
  const turnId = turn()
  const requestId = randomUUID() as RequestId
  await sendPrompt(chat.scope, { turnId, prompt: text('one') })
  await claimed(chat.chatId)
  const runId = randomUUID() as RunId
  await daemon.append(chat.chatId, 1, 1, { type: 'turn.accepted', turnId })
  await daemon.call('startRun', { chatId: chat.chatId, epoch: 1, runId })
  await daemon.append(chat.chatId, 1, 2, {
    type: 'permission.requested',
    requestId,
    turnId,
    toolCallId: 'call' as never,
    title: 'Run it',
    kind: 'execute',
    content: [],
    options: [{ optionId: 'yes', name: 'Yes', kind: 'allow_once' }],
  })
  expect(await statusOf(chat)).toBe('waiting')
  await answerOf(chat, requestId, 'no').catch((error: unknown) => expect(error).toMatchObject({ code: 'permission.option-unknown' }))

  await pool().query(`update chat_head set "leaseUntil" = now() - interval '1 minute' where "chatId" = $1`, [chat.chatId])
  await endSilentLeases(30_000)
  const { events } = await readEvents(chat.scope, { afterSeq: 0, limit: 100 })
  expect(events.slice(-3)).toMatchObject([
    { type: 'permission.closed', requestId, reason: 'agent-lost' },
    { type: 'turn.interrupted', turnId, reason: 'daemon-lost' },
    { type: 'run.ended', runId, reason: 'stopped' },
  ])
  expect(await statusOf(chat)).toBe('idle')
  await expect(answerOf(chat, requestId, 'yes')).rejects.toMatchObject({ code: 'permission.missing' })
  // Nothing waits, so nothing is claimed: an interrupted prompt is never sent again by itself.
  expect(await claim(daemon.nodeId, 10, daemon.socket.id)).toEqual([])
  expect(await daemon.call('renew', { leases: [{ chatId: chat.chatId, epoch: 1 }] })).toEqual({ kept: [] })
})

it('ends what a restarted daemon knows nothing of, once it has delivered what its outbox held', async () => {
  const [gone, kept] = [await seedReadyChat(), await seedReadyChat()]
  daemon = await TestDaemon.join(server.url)
  const turns = [turn(), turn()] as const
  for (const [at, chat] of [gone, kept].entries()) {
    await sendPrompt(chat.scope, { turnId: turns[at]!, prompt: text('one') })
    await claimed(chat.chatId)
    await daemon.append(chat.chatId, 1, 1, { type: 'turn.accepted', turnId: turns[at]! })
  }
  daemon.close()
  daemon = await TestDaemon.join(server.url, { held: [{ chatId: kept.chatId, epoch: 1 }] })
  // The greeting ends nothing yet: this is what the daemon had not delivered when it died.
  expect(await daemon.append(gone.chatId, 1, 2, say(turns[0], 0, 'last words'))).toMatchObject({ is: 'acknowledged' })
  expect(await daemon.call('claim', { max: 1 })).toEqual({ leases: [], waiting: 0, isDraining: false })
  expect((await viewOf(gone)).turns).toMatchObject([{ status: 'interrupted', items: [{ text: 'last words' }] }])
  expect(await daemon.append(gone.chatId, 1, 3, say(turns[0], 10, '!'))).toMatchObject({ is: 'fenced', finalPseq: 2 })
  expect((await viewOf(kept)).turns).toMatchObject([{ status: 'starting' }])
  await daemon.append(kept.chatId, 1, 2, { type: 'turn.ended', turnId: turns[1], outcome: 'completed', stopReason: null })
  expect(await statusOf(kept)).toBe('idle')
})

const answerOf = ({ scope }: Ready, requestId: RequestId, optionId: string) => answerPermission(scope, { requestId, optionId })

it('lets the first of many answers win, and tells the others who decided', async () => {
  const chat = await seedReadyChat()
  const colleague = await seedTeamScope({ teamId: chat.team.teamId, name: 'Mei' })
  daemon = await TestDaemon.join(server.url)
  const turnId = turn()
  const requestId = randomUUID() as RequestId
  await sendPrompt(chat.scope, { turnId, prompt: text('one') })
  await claimed(chat.chatId)
  const options = ['a', 'b'].map((optionId) => ({ optionId, name: optionId, kind: 'allow_once' as const }))
  await daemon.append(chat.chatId, 1, 1, { type: 'turn.accepted', turnId })
  const asked = {
    type: 'permission.requested',
    requestId,
    turnId,
    toolCallId: 'c' as never,
    title: 't',
    kind: 'edit',
    content: [],
    options,
  } as const
  await daemon.append(chat.chatId, 1, 2, { ...asked, content: [], options })

  // A personal key is spent by its owner alone, and an approval spends.
  const foreign = await enterChat(colleague, { act: 'prompt', chatId: chat.chatId })
  await expect(answerPermission(foreign, { requestId, optionId: 'a' })).rejects.toMatchObject({ code: 'connection.not-yours' })

  const answers = await Promise.allSettled([answerOf(chat, requestId, 'a'), answerOf(chat, requestId, 'b'), answerOf(chat, requestId, 'b')])
  const { events } = await readEvents(chat.scope, { afterSeq: 0, limit: 100 })
  const stored = events.filter((event) => event.type === 'permission.answered')
  expect(stored).toHaveLength(1)
  const won = stored[0]!.optionId
  const refused = answers.filter((each) => each.status === 'rejected')
  // The winner, and whoever repeated the winner's own answer, heard yes.
  expect(refused).toHaveLength(won === 'a' ? 2 : 1)
  for (const each of refused) {
    expect(each.reason).toMatchObject({
      code: 'permission.already-answered',
      facts: { by: chat.team.userId, byName: 'Ada', optionId: won, at: expect.stringMatching(/Z$/) },
    })
  }
  const { kept } = await daemon.call('renew', { leases: [{ chatId: chat.chatId, epoch: 1 }] })
  expect(kept[0]!.commands).toEqual([{ kind: 'permission', id: expect.any(String), requestId, optionId: won }])
})

it('gives the agent the prompt as it stands when it is accepted, and none that was withdrawn', async () => {
  const chat = await seedReadyChat()
  daemon = await TestDaemon.join(server.url)
  const [edited, gone, stopped] = [turn(), turn(), turn()]
  for (const turnId of [edited, gone, stopped]) await sendPrompt(chat.scope, { turnId, prompt: text('first') })
  const lease = await claimed(chat.chatId)
  expect(lease.commands.map((command) => command.id)).toEqual([edited, gone, stopped])

  // The daemon has them all already when people change their minds.
  await editQueued(chat.scope, { turnId: edited, prompt: text('second') })
  await withdraw(chat.scope, { turnId: gone })
  expect(await cancelTurn(chat.scope, { turnId: stopped })).toEqual({ turnId: stopped })

  const accept = (turnId: TurnId, pseq: number) => daemon.append(chat.chatId, 1, pseq, { type: 'turn.accepted', turnId })
  expect(await accept(edited, 1)).toMatchObject({ accepted: [{ turnId: edited, prompt: text('second') }] })
  await daemon.append(chat.chatId, 1, 2, { type: 'turn.ended', turnId: edited, outcome: 'completed', stopReason: 'end_turn' })
  expect(await accept(gone, 3)).toMatchObject({ accepted: [{ turnId: gone, prompt: null }] })
  expect(await accept(stopped, 4)).toMatchObject({ accepted: [{ turnId: stopped, prompt: null }] })
  expect(await statusOf(chat)).toBe('idle')
  expect((await viewOf(chat)).turns.map(({ turnId, status }) => ({ turnId, status }))).toEqual([
    { turnId: edited, status: 'completed' },
    { turnId: stopped, status: 'cancelled' },
  ])
  // A retry of the first request, although the prompt has been edited and has run since.
  expect(await sendPrompt(chat.scope, { turnId: edited, prompt: text('first') })).toEqual({ turnId: edited })
  await expect(sendPrompt(chat.scope, { turnId: edited, prompt: text('other') })).rejects.toMatchObject({ code: 'turn.id-taken' })
})

it('makes one turn of a prompt that is sent many times at once', async () => {
  const chat = await seedReadyChat()
  const turnId = turn()
  await Promise.all(Array.from({ length: 10 }, () => sendPrompt(chat.scope, { turnId, prompt: text('once') })))
  const { events } = await readEvents(chat.scope, { afterSeq: 0, limit: 100 })
  expect(events.map((event) => event.type)).toEqual(['chat.created', 'turn.requested'])
  const other = await seedReadyChat()
  await expect(sendPrompt(other.scope, { turnId, prompt: text('once') })).rejects.toMatchObject({ code: 'turn.id-taken' })
})

it('cancels the running turn once, and has nothing to cancel afterwards', async () => {
  const chat = await seedReadyChat()
  daemon = await TestDaemon.join(server.url)
  const [running, waiting] = [turn(), turn()]
  await sendPrompt(chat.scope, { turnId: running, prompt: text('long') })
  await claimed(chat.chatId)
  await daemon.append(chat.chatId, 1, 1, { type: 'turn.accepted', turnId: running })
  await sendPrompt(chat.scope, { turnId: waiting, prompt: text('next') })
  const both = await Promise.all([cancelTurn(chat.scope, {}), cancelTurn(chat.scope, {})])
  expect(both).toEqual([{ turnId: running }, { turnId: running }])
  await daemon.hint((hint) => hint.hint === 'commands' && hint.chatId === chat.chatId)
  const { kept } = await daemon.call('renew', { leases: [{ chatId: chat.chatId, epoch: 1 }] })
  expect(kept[0]!.commands.map(({ kind }) => kind)).toEqual(['prompt', 'cancel'])
  await daemon.append(chat.chatId, 1, 2, { type: 'turn.ended', turnId: running, outcome: 'cancelled', stopReason: 'cancelled' })
  // Bound to the turn that has ended: the one after is not touched.
  await expect(cancelTurn(chat.scope, { turnId: running })).rejects.toMatchObject({ code: 'turn.nothing-to-cancel' })
  const renewed = await daemon.call('renew', { leases: [{ chatId: chat.chatId, epoch: 1 }] })
  expect(renewed.kept[0]!.commands.map(({ kind }) => kind)).toEqual(['prompt'])
  expect((await viewOf(chat)).turns.map(({ status }) => status)).toEqual(['cancelled', 'queued'])
})

it('refuses a run whose connection was disabled after the prompt, with the code that people read', async () => {
  const chat = await seedReadyChat()
  daemon = await TestDaemon.join(server.url)
  await sendPrompt(chat.scope, { turnId: turn(), prompt: text('one') })
  await claimed(chat.chatId)
  await setEnabled(chat.team, { connectionId: chat.connectionId, isEnabled: false })
  const start = { chatId: chat.chatId, epoch: 1, runId: randomUUID() as RunId }
  expect(await daemon.call('startRun', start)).toMatchObject({ ok: false, code: 'connection.disabled' })
  // The next prompt stays in its composer.
  await expect(sendPrompt(chat.scope, { turnId: turn(), prompt: text('two') })).rejects.toMatchObject({ code: 'connection.disabled' })
  await setEnabled(chat.team, { connectionId: chat.connectionId, isEnabled: true })
  await pool().query('delete from member where "userId" = $1', [chat.team.userId])
  expect(await daemon.call('startRun', start)).toMatchObject({ ok: false, code: 'access.denied' })
  expect(await daemon.call('startRun', { ...start, epoch: 7 })).toMatchObject({ ok: false, code: 'chat.missing' })
})

it('gives a chat to one node, and later only to the node where its workspace lies', async () => {
  const chat = await seedReadyChat()
  daemon = await TestDaemon.join(server.url)
  const { token } = await createJoinToken(chat.team, { name: 'attic' })
  const joined = await enrol(token)
  await expect(enrol(token)).rejects.toMatchObject({ code: 'node.join-token-unusable' })
  const other = TestDaemon.connect(server.url)
  expect(await other.ask('claim', { max: 1 })).toEqual({ error: 'not-greeted' })
  // Of another version only who it is, is understood.
  expect(await other.call('hello', { protocol: 1 })).toEqual({ ok: false, code: 'protocol-foreign' })
  expect(await other.ask('hello', { token: 3 })).toEqual({ error: 'malformed' })
  expect(await other.greet(joined.nodeId)).toMatchObject({ ok: true })

  await sendPrompt(chat.scope, { turnId: turn(), prompt: text('one') })
  expect((await other.call('claim', { max: 10 })).leases).toMatchObject([{ chatId: chat.chatId, epoch: 1 }])
  expect(await claim(daemon.nodeId, 10, daemon.socket.id)).toEqual([])
  expect(await daemon.append(chat.chatId, 1, 1, say(turn(), 0, 'mine?'))).toEqual({ is: 'fenced', epoch: 1, finalPseq: 0 })
  await other.call('release', { chatId: chat.chatId, epoch: 1 })
  expect(await claim(daemon.nodeId, 10, daemon.socket.id)).toEqual([])

  // Removing the node lets the chat go on elsewhere, and ends its connection.
  await expect(removeNode(chat.team, { nodeId: daemon.nodeId })).rejects.toMatchObject({ code: 'access.denied' })
  const cut = new Promise((resolve) => other.socket.once('disconnect', resolve))
  await removeNode(chat.team, { nodeId: joined.nodeId })
  await cut
  const [lease] = await claim(daemon.nodeId, 10, daemon.socket.id)
  // The forced end of the old epoch was an epoch of its own, that nobody held.
  expect(lease).toMatchObject({ chatId: chat.chatId, epoch: 3 })
  expect((await listNodes(chat.team)).map((node) => node.nodeId)).not.toContain(joined.nodeId)
})

it('tells a node without a free place how many wait for one', async () => {
  const chats = await Promise.all([seedReadyChat(), seedReadyChat()])
  for (const { scope } of chats) await sendPrompt(scope, { turnId: turn(), prompt: text('one') })
  daemon = await TestDaemon.join(server.url)
  expect(await daemon.call('claim', { max: 0 })).toEqual({ leases: [], waiting: 2, isDraining: false })
  expect(await daemon.call('claim', { max: 1 })).toMatchObject({ leases: [{ epoch: 1 }], waiting: 1 })
  expect(await daemon.call('claim', { max: 2 })).toMatchObject({ leases: [{ epoch: 1 }], waiting: 0 })
})

it('lets one of many daemons have a chat when all claim at once', async () => {
  const chats = await Promise.all([seedReadyChat(), seedReadyChat(), seedReadyChat()])
  for (const { scope } of chats) await sendPrompt(scope, { turnId: turn(), prompt: text('one') })
  const nodes = await Promise.all(
    [1, 2, 3, 4].map(async (number) => (await enrol((await createJoinToken(chats[0]!.team, { name: `node ${number}` })).token)).nodeId),
  )
  const leases = (await Promise.all(nodes.map((nodeId) => claim(nodeId, 2)))).flat()
  expect(leases.map((lease) => lease.chatId).toSorted()).toEqual(chats.map((chat) => chat.chatId).toSorted())
})

it('knows which nodes are there, and tells a returning daemon which leases it has lost', async () => {
  const chat = await seedReadyChat()
  daemon = await TestDaemon.join(server.url)
  expect(await listNodes(chat.team)).toContainEqual(expect.objectContaining({ nodeId: daemon.nodeId, isOnline: true }))
  const disconnected = new Promise((resolve) => daemon.socket.once('disconnect', resolve))
  // Its machine went down, and nobody has noticed that the line is dead.
  daemon.isAlive = false
  const back = await TestDaemon.join(server.url, { held: [{ chatId: chat.chatId, epoch: 9 }] })
  expect(await back.hint((hint) => hint.hint === 'lease-lost')).toEqual({ hint: 'lease-lost', chatId: chat.chatId, epoch: 9 })
  await disconnected
  // The older connection's end says nothing of the newer one.
  await back.call('report', { sandbox: { level: 'none', reason: 'no bwrap' }, harnesses: [], health: null, rssBytes: 1_000, runs: 0 })
  expect(await listNodes(chat.team)).toContainEqual(
    expect.objectContaining({ nodeId: back.nodeId, isOnline: true, rssBytes: 1_000, sandbox: { level: 'none', reason: 'no bwrap' } }),
  )
  await back.call('bye', {})
  expect(await listNodes(chat.team)).toContainEqual(expect.objectContaining({ nodeId: back.nodeId, isOnline: false }))
  back.close()
})
