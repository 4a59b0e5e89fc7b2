import { randomUUID } from 'node:crypto'
import { beforeAll, expect, it } from 'vitest'
import type { DaemonFact } from '#core/chat/events.ts'
import type { ChatId, NodeId, ProjectId, TurnId } from '#core/ids.ts'
import { enterChat, enterProject, type TeamScope } from '#server/access/scope.ts'
import { forkChat } from '#server/chats/fork.ts'
import { offerChat, takeOver } from '#server/chats/hand-over.ts'
import { createChat, describeChat, readEvents, sendPrompt } from '#server/chats/service.ts'
import { connect, type ConnectInput } from '#server/connections/service.ts'
import { ingest } from '#server/daemons/ingest.ts'
import { claim } from '#server/daemons/lease.ts'
import { seedNode } from '#server/daemons/testing-nodes.ts'
import { pool, prisma } from '#server/db/client.ts'
import { seedProject, seedTeamScope } from '#server/db/testing.ts'

const harness = 'claude-code'
const login: ConnectInput = { harness, scope: 'user', secret: { kind: 'oauth-token', issuer: 'anthropic', token: 'sk-ant-oat01-abcdefgh' } }
const key: ConnectInput = { harness, scope: 'user', secret: { kind: 'api-key', provider: 'anthropic', key: 'sk-ant-api03-abcdefghijkl' } }
const failure = (code: string) => expect.objectContaining({ name: 'DomainError', code })

let nodeId: NodeId
let ada: TeamScope
let mei: TeamScope
let viewer: TeamScope
let projectId: ProjectId
beforeAll(async () => {
  nodeId = await seedNode()
  ada = await seedTeamScope({ name: 'Ada' })
  mei = await seedTeamScope({ teamId: ada.teamId, role: 'member', name: 'Mei' })
  viewer = await seedTeamScope({ teamId: ada.teamId, role: 'viewer' })
  projectId = await seedProject(ada)
})

const inChat = (person: TeamScope, chatId: ChatId) => enterChat(person, { act: 'prompt', chatId })
async function create(person: TeamScope, input: ConnectInput): Promise<ChatId> {
  await connect(person, input)
  return (await createChat(await enterProject(person, { act: 'prompt', projectId }), { harness, title: 'The source' })).chatId
}
async function ask(person: TeamScope, chatId: ChatId, text: string): Promise<TurnId> {
  const turnId = randomUUID() as TurnId
  await sendPrompt(await inChat(person, chatId), { turnId, prompt: [{ type: 'text', text }] })
  return turnId
}

/** A daemon that holds this chat alone: what it appends, and what comes back of each prompt that it takes. */
async function daemonOf(chatId: ChatId) {
  await pool().query(`update command set state = 'withdrawn' where "chatId" <> $1 and state = 'queued'`, [chatId])
  const [lease] = await claim(nodeId, 1)
  expect(lease?.chatId).toBe(chatId)
  let pseq = 0
  const append = (...facts: DaemonFact[]) =>
    ingest({ nodeId, chatId, epoch: lease!.epoch, facts: facts.map((fact) => ({ pseq: (pseq += 1), fact })) })
  return {
    append,
    take: async (turnId: TurnId) => {
      const reply = await append({ type: 'turn.accepted', turnId })
      return reply.is === 'acknowledged' ? reply.accepted?.[0]?.prompt?.map((block) => block.text) : reply
    },
    end: (turnId: TurnId, outcome: 'completed' | 'interrupted') => append({ type: 'turn.ended', turnId, outcome, stopReason: null }),
  }
}

it('goes on in a new chat on one’s own connection, which is told of the former one until it has answered', async () => {
  const source = await create(ada, key)
  const turnId = await ask(ada, source, 'Mend the bridge')
  const first = await daemonOf(source)
  await first.take(turnId)
  await first.append({ type: 'reply.appended', turnId, messageId: 'm' as never, offset: 0, text: 'The bridge stands.' })
  await first.end(turnId, 'completed')

  await expect(forkChat(await inChat(mei, source), {})).rejects.toEqual(failure('connection.missing'))
  await connect(mei, key)
  const { chatId } = await forkChat(await inChat(mei, source), {})
  expect(await describeChat(await inChat(mei, chatId))).toMatchObject({
    title: 'Fork of The source',
    createdByName: 'Mei',
    isPrivate: false,
    mayPrompt: true,
    node: null,
    forkedFrom: { chatId: source, title: 'The source' },
    forks: [],
  })
  expect(await describeChat(await inChat(ada, source))).toMatchObject({
    forkedFrom: null,
    forks: [{ chatId, title: 'Fork of The source' }],
  })
  const { events } = await readEvents(await inChat(mei, chatId), { afterSeq: 0, limit: 10 })
  expect(events).toMatchObject([
    { type: 'chat.created', by: mei.userId },
    { type: 'chat.forked', by: mei.userId, from: source, context: expect.stringContaining('- Ada: Mend the bridge') },
  ])

  const turns = [await ask(mei, chatId, 'Paint it'), await ask(mei, chatId, 'Again'), await ask(mei, chatId, 'Now polish')] as const
  const daemon = await daemonOf(chatId)
  const context = expect.stringMatching(/carries over.*The source[\s\S]*The bridge stands\./)
  expect(await daemon.take(turns[0])).toEqual([context, 'Paint it'])
  // It may never have reached the agent.
  await daemon.end(turns[0], 'interrupted')
  expect(await daemon.take(turns[1])).toEqual([context, 'Again'])
  await daemon.end(turns[1], 'completed')
  expect(await daemon.take(turns[2])).toEqual(['Now polish'])
})

it('keeps what a private chat holds private, and links only to what one sees', async () => {
  const source = await create(ada, login)
  await expect(forkChat(await inChat(ada, source), { harness: 'nothing' })).rejects.toEqual(failure('harness.unknown'))
  await connect(ada, key)
  const { chatId } = await forkChat(await inChat(ada, source), {})
  await expect(enterChat(mei, { act: 'read', chatId })).rejects.toEqual(failure('chat.missing'))
  await prisma().chat.update({ where: { id: chatId }, data: { isPrivate: false } })
  expect(await describeChat(await inChat(mei, chatId))).toMatchObject({ forkedFrom: null })
  expect(await describeChat(await inChat(ada, chatId))).toMatchObject({ forkedFrom: { chatId: source } })
})

it('passes to who takes it, whose connection pays from then on', async () => {
  const chatId = await create(ada, key)
  await connect(mei, key)
  const as = { ada: await inChat(ada, chatId), mei: await inChat(mei, chatId) }
  await expect(takeOver(as.mei)).rejects.toEqual(failure('chat.not-offered'))
  await expect(offerChat(as.mei, { to: mei.userId })).rejects.toEqual(failure('access.denied'))
  await expect(offerChat(as.ada, { to: viewer.userId })).rejects.toEqual(failure('member.missing'))
  await expect(offerChat(as.ada, { to: ada.userId })).rejects.toEqual(failure('member.missing'))
  await offerChat(as.ada, { to: mei.userId })
  // Nothing has changed yet.
  expect(await describeChat(as.mei)).toMatchObject({ createdBy: ada.userId, offeredTo: { name: 'Mei' }, mayPrompt: false })
  await offerChat(as.mei, { to: null })
  await expect(takeOver(as.mei)).rejects.toEqual(failure('chat.not-offered'))
  await offerChat(as.ada, { to: mei.userId })

  const turnId = await ask(ada, chatId, 'Work')
  const daemon = await daemonOf(chatId)
  await daemon.take(turnId)
  await expect(takeOver(as.mei)).rejects.toEqual(failure('chat.busy'))
  await daemon.end(turnId, 'completed')
  await takeOver(as.mei)
  expect(await describeChat(as.mei)).toMatchObject({ createdBy: mei.userId, offeredTo: null, mayPrompt: true, mayManage: true })
  await expect(ask(ada, chatId, 'More')).rejects.toEqual(failure('connection.not-yours'))
  const { events } = await readEvents(as.mei, { afterSeq: 0, limit: 100 })
  expect(events.at(-1)).toMatchObject({ type: 'chat.handed-over', by: mei.userId, from: ada.userId })
  expect(await prisma().auditEntry.findMany({ where: { subjectId: chatId } })).toMatchObject([
    { act: 'chat.handed-over', actorId: mei.userId, facts: { name: 'Ada', chatTitle: 'The source' } },
  ])
})

it('is not passed on while it is private, and never to a login', async () => {
  const secret = await create(ada, login)
  await expect(offerChat(await inChat(ada, secret), { to: mei.userId })).rejects.toEqual(failure('request.invalid'))
  const chatId = await create(ada, key)
  await offerChat(await inChat(ada, chatId), { to: mei.userId })
  await connect(mei, login)
  // Whoever had it before may have left something that waits for a login.
  await expect(takeOver(await inChat(mei, chatId))).rejects.toEqual(failure('chat.handed-over'))
  await connect(mei, key)
  await takeOver(await inChat(mei, chatId))
  await connect(mei, login)
  await expect(ask(mei, chatId, 'Come')).rejects.toEqual(failure('chat.handed-over'))
})
