import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ChatId, NodeId, ProjectId, RunId, TurnId } from '#core/ids.ts'
import { enterChat, enterProject, type TeamScope } from '#server/access/scope.ts'
import { createChat } from '#server/chats/service.ts'
import { connect, type ConnectInput } from '#server/connections/service.ts'
import { disconnect } from '#server/connections/undo-service.ts'
import { claim } from '#server/daemons/lease.ts'
import { seedNode } from '#server/daemons/testing-nodes.ts'
import { startRun } from '#server/daemons/start-run.ts'
import { pool, prisma } from '#server/db/client.ts'
import { seedProject, seedTeamScope } from '#server/db/testing.ts'
import { onHint, type Hint } from '#server/realtime/bus.ts'
import { indexChat } from '#server/search/indexer.ts'
import { appRouter } from '#server/trpc/app-router.ts'
import { callerFactory } from '#server/trpc/base.ts'

/**
 * Who sees a chat that ran on its creator's login: every procedure that takes, lists or counts chats, for everybody who
 * could ask. `instanceOwner` is an admin of the team as well; `stranger` is an admin elsewhere.
 */
const roles = ['owner', 'colleague', 'admin', 'instanceOwner', 'viewer', 'stranger'] as const
type Role = (typeof roles)[number]
const others = roles.filter((role) => role !== 'owner')

const TITLE = 'What the account holds'
const harness = 'claude-code'
const login: ConnectInput = { harness, scope: 'user', secret: { kind: 'oauth-token', issuer: 'anthropic', token: 'sk-ant-oat01-abcdefgh' } }
const key: ConnectInput = { harness, scope: 'user', secret: { kind: 'api-key', provider: 'anthropic', key: 'sk-ant-api03-abcdefghijkl' } }

let people: Record<Role, TeamScope>
let nodeId: NodeId
beforeAll(async () => {
  const admin = await seedTeamScope()
  const { teamId } = admin
  people = {
    owner: await seedTeamScope({ teamId, role: 'member', name: 'Olu' }),
    colleague: await seedTeamScope({ teamId, role: 'member' }),
    admin,
    instanceOwner: await seedTeamScope({ teamId, role: 'admin', isInstanceOwner: true }),
    viewer: await seedTeamScope({ teamId, role: 'viewer' }),
    stranger: await seedTeamScope(),
  }
  nodeId = await seedNode()
})

const as = ({ userId, isInstanceOwner, teamId }: TeamScope) =>
  callerFactory(appRouter)({
    caller: { userId, isInstanceOwner, name: 'Somebody', email: 'somebody@example.org', via: { is: 'session', sessionId: 'test' } },
    teamId,
    clientAddress: null,
  })
type Api = ReturnType<typeof as>

type Place = { chatId: ChatId; projectId: ProjectId; connectionId: string; runId: RunId }

/** A chat of the owner's, in a project of its own. */
async function create(input: ConnectInput, by: TeamScope = people.owner): Promise<Omit<Place, 'runId'>> {
  const { connectionId } = await connect(by, input)
  const projectId = await seedProject(people.admin)
  const { chatId } = await createChat(await enterProject(by, { act: 'prompt', projectId }), { harness, title: TITLE })
  return { chatId, projectId, connectionId }
}

const ask = (person: TeamScope, chatId: ChatId) =>
  as(person).chats.sendPrompt({ chatId, turnId: randomUUID() as TurnId, prompt: [{ type: 'text', text: 'go' }] })

/** A run that works, on whatever the chat resolves to now; the only one. */
async function run(chatId: ChatId, epoch = 1): Promise<RunId> {
  await pool().query(`update command set state = 'done' where state = 'queued'`)
  await pool().query('update run set "endedAt" = now() where "endedAt" is null')
  await ask(people.owner, chatId)
  await claim(nodeId, 100)
  const runId = randomUUID() as RunId
  expect(await startRun(nodeId, { chatId, epoch, runId })).toMatchObject({ ok: true })
  return runId
}

const seed = async (input: ConnectInput = login): Promise<Place> => {
  const place = await create(input)
  return { ...place, runId: await run(place.chatId) }
}

const outcome = (asked: Promise<unknown>) =>
  asked.then(
    (answer) => JSON.stringify(answer),
    (error: { message: string }) => error.message,
  )

/** Every procedure that takes a chat's id. */
const taking: Record<string, (api: Api, chatId: ChatId) => Promise<unknown>> = {
  'chats.get': (api, chatId) => api.chats.get({ chatId }),
  'chats.fork': (api, chatId) => api.chats.fork({ chatId }),
  'chats.offer': (api, chatId) => api.chats.offer({ chatId, to: null }),
  'chats.takeOver': (api, chatId) => api.chats.takeOver({ chatId }),
  'chats.rename': (api, chatId) => api.chats.rename({ chatId, title: 'Mine' }),
  'chats.archive': (api, chatId) => api.chats.archive({ chatId }),
  'chats.unarchive': (api, chatId) => api.chats.unarchive({ chatId }),
  'chats.setPinned': (api, chatId) => api.chats.setPinned({ chatId, isPinned: true }),
  'chats.setShared': (api, chatId) => api.chats.setShared({ chatId, isShared: true }),
  'chats.sendPrompt': (api, chatId) =>
    api.chats.sendPrompt({ chatId, turnId: randomUUID() as TurnId, prompt: [{ type: 'text', text: 'tell me' }] }),
  'chats.editQueued': (api, chatId) =>
    api.chats.editQueued({ chatId, turnId: randomUUID() as TurnId, prompt: [{ type: 'text', text: 'tell me' }] }),
  'chats.withdraw': (api, chatId) => api.chats.withdraw({ chatId, turnId: randomUUID() as TurnId }),
  'chats.moveQueued': (api, chatId) => api.chats.moveQueued({ chatId, turnId: randomUUID() as TurnId, before: null }),
  'chats.sendNow': (api, chatId) => api.chats.sendNow({ chatId, turnId: randomUUID() as TurnId }),
  'chats.cancelTurn': (api, chatId) => api.chats.cancelTurn({ chatId }),
  'chats.answerPermission': (api, chatId) => api.chats.answerPermission({ chatId, requestId: 'question' as never, optionId: 'yes' }),
  'chats.answerElicitation': (api, chatId) => api.chats.answerElicitation({ chatId, requestId: 'question' as never, action: 'decline' }),
  'chats.answerQuestion': (api, chatId) => api.chats.answerQuestion({ chatId, questionId: 'question' as never, answer: 'yes' }),
  'chats.deadlines': (api, chatId) => api.chats.deadlines({ chatId }),
  'chats.chooseModel': (api, chatId) => api.chats.chooseModel({ chatId, model: 'claude' }),
  'chats.eventsAfter': (api, chatId) => api.chats.eventsAfter({ chatId, afterSeq: 0 }),
  'chats.last': (api, chatId) => api.chats.last({ chatId }),
  'chats.stretch': (api, chatId) => api.chats.stretch({ chatId, place: { is: 'entry', number: 0 } }),
  'chats.toolCall': (api, chatId) => api.chats.toolCall({ chatId, turnId: randomUUID() as TurnId, toolCallId: 'call' as never }),
  'nodes.whyWaiting': (api, chatId) => api.nodes.whyWaiting({ chatId }),
  'nodes.leaveWorkspace': (api, chatId) => api.nodes.leaveWorkspace({ chatId }),
  'usage.records': (api, chatId) => api.usage.records({ chatId, limit: 10 }),
}

describe('takes a private chat from its creator alone', () => {
  let chatId: ChatId
  beforeAll(async () => {
    ;({ chatId } = await seed())
  })

  it.each(Object.keys(taking).flatMap((path) => others.map((role) => [path, role] as const)))('%s, %s', async (path, role) => {
    expect(await outcome(taking[path]!(as(people[role]), chatId))).toBe('chat.missing')
  })

  it('and answers for it as for one that is not there', async () => {
    for (const role of others) {
      const answers = [chatId, randomUUID()].map((id) =>
        enterChat(people[role], { act: 'read', chatId: id }).catch((error: Error) => error),
      )
      const [own, unknown] = await Promise.all(answers)
      expect(own).toEqual(unknown)
    }
    expect(await as(people.owner).chats.get({ chatId })).toMatchObject({ title: TITLE, isPrivate: true, mayChangePrivacy: true })
  })

  it('names every procedure that takes one', () => {
    const paths = Object.entries(appRouter._def.procedures).flatMap(([path, procedure]) =>
      (procedure as unknown as { _def: { meta?: { scope: string } } })._def.meta?.scope === 'chat' ? [path] : [],
    )
    expect(paths.filter((path) => !(path in taking))).toEqual([])
  })
})

describe('lists and counts it for its creator alone', () => {
  it.each(roles)('%s', async (role) => {
    const { chatId, projectId } = await seed()
    const api = as(people[role])
    const isOwner = role === 'owner'
    const listed = (await api.chats.list({})).filter((each) => each.chatId === chatId)
    expect(listed.map(({ title, isPrivate }) => ({ title, isPrivate }))).toEqual(isOwner ? [{ title: TITLE, isPrivate: true }] : [])
    await indexChat(chatId)
    expect((await api.search.chats({ query: TITLE })).hits.filter((each) => each.chatId === chatId)).toHaveLength(isOwner ? 1 : 0)
    const project = (await api.projects.list()).find((each) => each.projectId === projectId)
    if (role === 'stranger') return expect(project).toBe(undefined)
    expect(await api.chats.list({ projectId })).toHaveLength(isOwner ? 1 : 0)
    expect(project).toMatchObject({ chatCount: isOwner ? 1 : 0, lastActivityAt: isOwner ? expect.anything() : null })
  })
})

describe('tells what stops with a login without a title', () => {
  it('to an admin', async () => {
    const { connectionId, chatId } = await seed()
    const admin = as(people.admin)
    const preview = await admin.connections.preview({ connectionId, act: 'disconnect' })
    expect(preview).toMatchObject({ stops: [], privateStops: 1, elsewhere: 0 })
    const removal = await admin.team.previewRemoval({ userId: people.owner.userId })
    expect(removal.chats.filter((each) => each.chatId === chatId)).toEqual([])
    expect(removal.privateChats).toBeGreaterThan(0)
    expect(JSON.stringify([preview, removal])).not.toContain(TITLE)
    expect(await disconnect(people.admin, { connectionId })).toMatchObject({ stops: [], privateStops: 1 })
  })

  it('and to its owner by name', async () => {
    const { connectionId, chatId } = await seed()
    const owner = as(people.owner)
    const named = [expect.objectContaining({ chatId, title: TITLE })]
    expect(await owner.connections.preview({ connectionId, act: 'disable' })).toMatchObject({ stops: named, privateStops: 0 })
    expect(await owner.connections.details({ connectionId })).toMatchObject({ usedBy: { chats: named, privateChats: 0 } })
    expect(await owner.attachments.detach({ attachmentId: connectionId })).toEqual({ stops: [{ chatId, title: TITLE }], privateStops: 0 })
  })

  it('nor in the audit log', async () => {
    const { runId, chatId } = await seed()
    const { entries } = await as(people.admin).audit.list({ subject: runId, limit: 5 })
    expect(entries).toMatchObject([
      { act: 'run.started', facts: { chatId, isPrivate: true }, sentence: expect.stringContaining('in a private chat') },
    ])
    expect(JSON.stringify(entries)).not.toContain(TITLE)
  })
})

const seenByAdmin = (chatId: ChatId) =>
  outcome(enterChat(people.admin, { act: 'read', chatId })).then((answer) => answer !== 'chat.missing')
const entriesOf = async (chatId: ChatId) =>
  (await prisma().auditEntry.findMany({ where: { subjectId: chatId }, orderBy: { seq: 'asc' } })).map(({ act, facts }) => [act, facts])

it('makes a chat private when it is created on a login, before anything has run', async () => {
  const { chatId } = await create(login)
  expect(await seenByAdmin(chatId)).toBe(false)
})

it('leaves a chat on a key open, until it runs on a login, and then private also on a key', async () => {
  const { chatId } = await create(key)
  await run(chatId)
  expect(await seenByAdmin(chatId)).toBe(true)
  expect(await entriesOf(chatId)).toEqual([])
  const heard: Hint[] = []
  const stop = onHint((hint) => heard.push(hint))
  await connect(people.owner, login)
  await run(chatId)
  stop()
  expect(await seenByAdmin(chatId)).toBe(false)
  expect(heard).toContainEqual({ about: 'privacy', chatId, createdBy: people.owner.userId })
  expect(await entriesOf(chatId)).toEqual([['chat.made-private', {}]])
  await connect(people.owner, key)
  await run(chatId)
  expect(await seenByAdmin(chatId)).toBe(false)
  // Nothing of a login runs here any more, so what is shared now stays so.
  await as(people.owner).chats.setShared({ chatId, isShared: true })
  expect(await seenByAdmin(chatId)).toBe(true)
  expect(await as(people.owner).chats.get({ chatId })).toMatchObject({ isPrivate: false, mayChangePrivacy: false })
  expect(await outcome(as(people.owner).chats.setShared({ chatId, isShared: false }))).toBe('request.invalid')
})

it('is shared by its creator alone, and stays so over the runs that follow, until they take it back', async () => {
  const { chatId } = await seed()
  const set = (role: Role, isShared: boolean) => outcome(as(people[role]).chats.setShared({ chatId, isShared }))
  await set('owner', true)
  expect(await seenByAdmin(chatId)).toBe(true)
  await run(chatId)
  expect(await seenByAdmin(chatId)).toBe(true)
  expect(await as(people.colleague).chats.get({ chatId })).toMatchObject({ isPrivate: false, mayChangePrivacy: false, mayPrompt: false })
  for (const role of ['colleague', 'admin', 'instanceOwner', 'viewer'] as const) expect(await set(role, false)).toBe('access.denied')
  await set('owner', false)
  expect(await seenByAdmin(chatId)).toBe(false)
  expect(await entriesOf(chatId)).toEqual([
    ['chat.shared', {}],
    ['chat.made-private', {}],
  ])
})

it('does not take a word for later: what was open when it was shared closes with a login', async () => {
  const { chatId } = await create(key)
  await as(people.owner).chats.setShared({ chatId, isShared: true })
  await connect(people.owner, login)
  await run(chatId)
  expect(await seenByAdmin(chatId)).toBe(false)
})

it.each(['project', 'platform'] as const)(
  'concerns a personal login alone: one of a %s keeps nobody out of its chats, and is prompted by its owner alone',
  async (scope) => {
    const owner = await seedTeamScope({ isInstanceOwner: true })
    const colleague = await seedTeamScope({ teamId: owner.teamId, role: 'admin' })
    const projectId = await seedProject(owner)
    const { connectionId } = await connect(owner, { ...login, scope, ...(scope === 'project' && { projectId }) })
    const { chatId } = await createChat(await enterProject(owner, { act: 'prompt', projectId }), { harness })
    await ask(owner, chatId)
    const lease = (await claim(nodeId, 100)).find((each) => each.chatId === chatId)
    const runId = randomUUID() as RunId
    expect(await startRun(nodeId, { chatId, epoch: lease!.epoch, runId })).toMatchObject({ ok: true, grant: { delivery: { via: 'env' } } })
    expect(await as(colleague).chats.get({ chatId })).toMatchObject({ isPrivate: false, mayPrompt: false })
    expect(await as(owner).chats.get({ chatId })).toMatchObject({ isPrivate: false, mayPrompt: true, mayChangePrivacy: false })
    expect(await outcome(ask(colleague, chatId))).toBe('connection.not-yours')
    expect(await outcome(as(colleague).chats.create({ projectId, harness }))).toBe('connection.not-yours')
    // Nor does one of theirs that waits become a run on it, whoever it was when they asked.
    await connect(colleague, key)
    if (scope === 'platform') {
      const own = await as(colleague).chats.create({ projectId, harness })
      await ask(colleague, own.chatId)
      await pool().query(`delete from attachment where scope = 'user' and "userId" = $1`, [colleague.userId])
      const held = (await claim(nodeId, 100)).find((each) => each.chatId === own.chatId)
      expect(await startRun(nodeId, { chatId: own.chatId, epoch: held!.epoch, runId: randomUUID() as RunId })).toMatchObject({
        ok: false,
        code: 'connection.not-yours',
      })
    }
    await disconnect(owner, { connectionId })
  },
)
