import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import type { TurnId } from '#core/ids.ts'
import { enterChat, enterProject, type TeamScope } from '#server/access/scope.ts'
import {
  archiveChat,
  chooseModel,
  createChat,
  describeChat,
  listChats,
  readEvents,
  renameChat,
  sendPrompt,
  setPinned,
  unarchiveChat,
} from '#server/chats/service.ts'
import { connect } from '#server/connections/service.ts'
import { seedChat, seedProject, seedTeamScope } from '#server/db/testing.ts'
import { archive } from '#server/projects/service.ts'

const connectCodex = (scope: TeamScope, at: { scope: 'user' } | { scope: 'project'; projectId: string } = { scope: 'user' }) =>
  connect(scope, { harness: 'codex', ...at, secret: { kind: 'api-key', provider: 'openai', key: 'sk-proj-abcdefghijklmnopqrstuv' } })
const prompt = (text: string) => ({ turnId: randomUUID() as TurnId, prompt: [{ type: 'text' as const, text }] })
const failure = (code: string) => expect.objectContaining({ name: 'DomainError', code })

it('creates a chat only for what could run in it', async () => {
  const team = await seedTeamScope()
  const project = await enterProject(team, { act: 'prompt', projectId: await seedProject(team) })
  await expect(createChat(project, { harness: 'nothing' })).rejects.toEqual(failure('harness.unknown'))
  // Offered in a test world only.
  await expect(createChat(project, { harness: 'scripted' })).rejects.toEqual(failure('harness.unknown'))
  await expect(createChat(project, { harness: 'codex' })).rejects.toEqual(failure('connection.missing'))
  await connectCodex(team)
  await expect(createChat(project, { harness: 'codex', model: 'gpt-made-up' })).rejects.toEqual(failure('model.unknown'))
  const { chatId } = await createChat(project, { harness: 'codex', title: 'First' })
  expect(await listChats(team, { projectId: project.projectId })).toEqual([
    {
      chatId,
      projectId: project.projectId,
      projectName: 'Project',
      title: 'First',
      harness: 'codex',
      model: null,
      createdByName: 'Ada',
      createdAt: expect.any(String),
      lastActivityAt: expect.any(String),
      status: 'idle',
      waitingFor: 0,
      isPrivate: false,
      isPinned: false,
    },
  ])
  expect(await listChats(await seedTeamScope(), {})).toEqual([])
})

it('says who pays, and keeps a personal key for the person whose it is', async () => {
  const team = await seedTeamScope()
  const mei = await seedTeamScope({ teamId: team.teamId, role: 'member', name: 'Mei' })
  const viewer = await seedTeamScope({ teamId: team.teamId, role: 'viewer', name: 'Vi' })
  const projectId = await seedProject(team)
  await connectCodex(team)
  const { chatId } = await createChat(await enterProject(team, { act: 'prompt', projectId }), { harness: 'codex' })
  const scopeOf = (person: TeamScope) => enterChat(person, { act: 'read', chatId })
  expect(await describeChat(await scopeOf(team))).toMatchObject({
    harnessName: 'Codex',
    createdBy: team.userId,
    node: null,
    payer: { scope: 'user', kind: 'api-key', providerName: 'OpenAI' },
    mayPrompt: true,
    people: [{ name: 'Ada' }, { name: 'Mei' }, { name: 'Vi' }],
  })
  expect(await describeChat(await scopeOf(mei))).toMatchObject({ payer: { scope: 'user' }, mayPrompt: false })
  await expect(sendPrompt(await scopeOf(mei), prompt('hi'))).rejects.toEqual(failure('connection.not-yours'))
  await expect(chooseModel(await scopeOf(mei), { model: 'gpt-5' })).rejects.toEqual(failure('connection.not-yours'))

  // A key that the project shares is everybody's to spend who may prompt at all.
  await connectCodex(team, { scope: 'project', projectId })
  expect(await describeChat(await scopeOf(mei))).toMatchObject({ payer: { scope: 'project' }, mayPrompt: true })
  expect(await describeChat(await scopeOf(viewer))).toMatchObject({ payer: { scope: 'project' }, mayPrompt: false })
  await sendPrompt(await scopeOf(mei), prompt('  What is here?\nPlease look.'))
  expect((await listChats(team, {}))[0]).toMatchObject({ title: 'What is here?', status: 'queued' })
})

it('goes on with nothing in an archived project, where everything can still be read', async () => {
  const team = await seedTeamScope()
  await connectCodex(team)
  const projectId = await seedProject(team)
  const project = await enterProject(team, { act: 'manage', projectId })
  const { chatId } = await createChat(project, { harness: 'codex' })
  const scope = await enterChat(team, { act: 'prompt', chatId })
  await archive(project)
  await expect(sendPrompt(scope, prompt('more'))).rejects.toEqual(failure('chat.archived'))
  expect(await describeChat(scope)).toMatchObject({ isArchived: true, mayPrompt: false })
  expect((await readEvents(scope, { afterSeq: 0, limit: 5 })).events).toHaveLength(1)
})

it('keeps a native login for its owner, in chats of their own, in whatever scope it stands', async () => {
  const owner = await seedTeamScope()
  const mei = await seedTeamScope({ teamId: owner.teamId, role: 'member', name: 'Mei' })
  const projectId = await seedProject(owner)
  const enter = (person: TeamScope) => enterProject(person, { act: 'prompt', projectId })
  await connectCodex(mei)
  const { chatId: hers } = await createChat(await enter(mei), { harness: 'codex' })
  const contents = JSON.stringify({ tokens: { access_token: 'at', refresh_token: 'rt' } })
  await connect(owner, { harness: 'codex', scope: 'project', projectId, secret: { kind: 'auth-file', format: 'codex', contents } })
  const { chatId: own } = await createChat(await enter(owner), { harness: 'codex' })
  const inChat = (person: TeamScope, chatId: typeof own) => enterChat(person, { act: 'prompt', chatId })

  await sendPrompt(await inChat(owner, own), prompt('mine'))
  await expect(sendPrompt(await inChat(mei, own), prompt('let me see'))).rejects.toEqual(failure('connection.not-yours'))
  await expect(createChat(await enter(mei), { harness: 'codex' })).rejects.toEqual(failure('connection.not-yours'))
  // What she prompted here before may wait in the workspace for a login to come by.
  await expect(sendPrompt(await inChat(owner, hers), prompt('come'))).rejects.toEqual(failure('connection.not-yours'))
  await expect(sendPrompt(await inChat(mei, hers), prompt('come'))).rejects.toEqual(failure('connection.not-yours'))
})

it('keeps a name that a person gave, whatever its characters, and nothing of an archived chat', async () => {
  const team = await seedTeamScope()
  await connectCodex(team)
  const projectId = await seedProject(team)
  const { chatId } = await createChat(await enterProject(team, { act: 'prompt', projectId }), { harness: 'codex' })
  const scope = await enterChat(team, { act: 'manage', chatId })
  await renameChat(scope, { title: 'Ünïcödé 👩‍💻 \0' })
  const sent = prompt('with a \0 in it')
  await sendPrompt(scope, sent)
  // The same request again, although what was stored is not quite what was sent.
  expect(await sendPrompt(scope, sent)).toEqual({ turnId: sent.turnId })
  await archiveChat(scope)
  await expect(sendPrompt(scope, prompt('more'))).rejects.toEqual(failure('chat.archived'))
  const { events, headSeq } = await readEvents(scope, { afterSeq: 1, limit: 2 })
  expect(events).toMatchObject([
    { seq: 2, type: 'chat.renamed', title: 'Ünïcödé 👩‍💻 ␀' },
    { seq: 3, type: 'turn.requested', prompt: [{ text: 'with a ␀ in it' }] },
  ])
  expect(headSeq).toBe(5)
  expect(await listChats(team, {})).toEqual([])
  expect(await describeChat(scope)).toMatchObject({ isArchived: true, mayPrompt: false })
  expect(await listChats(team, { isArchived: true })).toMatchObject([{ chatId, status: 'idle' }])
  await unarchiveChat(scope)
  expect(await describeChat(scope)).toMatchObject({ isArchived: false, mayPrompt: true, mayManage: true })
  // What waited when it was archived is not sent after all.
  expect(await listChats(team, {})).toMatchObject([{ chatId, status: 'idle' }])
  expect(await listChats(team, { isArchived: true })).toEqual([])
})

it('puts what somebody has pinned first, for them alone', async () => {
  const team = await seedTeamScope()
  const viewer = await seedTeamScope({ teamId: team.teamId, role: 'viewer' })
  const projectId = await seedProject(team)
  const old = await seedChat(team, { projectId })
  const young = await seedChat(team, { projectId })
  const pin = async (person: TeamScope, isPinned: boolean) => setPinned(await enterChat(person, { act: 'read', chatId: old }), { isPinned })
  const order = async (person: TeamScope) => (await listChats(person, {})).map((each) => [each.chatId, each.isPinned])
  await pin(viewer, true)
  await pin(viewer, true)
  expect(await order(viewer)).toEqual([
    [old, true],
    [young, false],
  ])
  expect(await order(team)).toEqual([
    [young, false],
    [old, false],
  ])
  expect(await describeChat(await enterChat(viewer, { act: 'read', chatId: old }))).toMatchObject({ isPinned: true, mayManage: false })
  await pin(viewer, false)
  expect(await order(viewer)).toEqual(await order(team))
})
