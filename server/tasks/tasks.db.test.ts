import { beforeAll, expect, it } from 'vitest'
import { columnOf } from '#core/tasks/state.ts'
import type { ChatId, ProjectId } from '#core/ids.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { pool } from '#server/db/client.ts'
import { seedProject, seedTeamScope } from '#server/db/testing.ts'
import { onHint, type Hint } from '#server/realtime/bus.ts'
import { agentOf, as, connectKey, connectLogin, HARNESS } from '#server/tasks/testing.ts'

let ada: TeamScope
let mei: TeamScope
let viewer: TeamScope
let projectId: ProjectId
beforeAll(async () => {
  ada = await seedTeamScope({ name: 'Ada' })
  mei = await seedTeamScope({ teamId: ada.teamId, role: 'member', name: 'Mei' })
  viewer = await seedTeamScope({ teamId: ada.teamId, role: 'viewer', name: 'Vic' })
  projectId = await seedProject(ada, { name: 'Bridge' })
  await connectKey(ada)
  await connectKey(mei)
})

const failed = (code: string) => expect.objectContaining({ message: code })
const make = (more: object = {}, by: TeamScope = ada) =>
  as(by).tasks.create({ projectId, title: 'Mend the bridge', instructions: 'It has a hole.', harness: HARNESS, ...more })
const stateOf = async (taskId: string, reader: TeamScope = mei) => (await as(reader).tasks.get({ projectId, taskId })).state

it('keeps what a task is made of, and tells who did what', async () => {
  const { taskId } = await make({ assigneeId: mei.userId, dueOn: '2030-02-01', branch: 'feature/bridge', subtasks: ['Plan it', 'Do it'] })
  await as(mei).tasks.update({ projectId, taskId, title: ' Mend\n the  bridge well ', dueOn: null })
  await as(mei).tasks.update({ projectId, taskId, dueOn: null })
  await as(mei).tasks.comment({ projectId, taskId, text: ' On it. ' })
  const task = await as(viewer).tasks.get({ projectId, taskId })
  expect(task).toMatchObject({
    title: 'Mend the bridge well',
    instructions: 'It has a hole.',
    wish: { harness: HARNESS, model: null, branch: 'feature/bridge' },
    createdByName: 'Ada',
    assignee: { userId: mei.userId, name: 'Mei' },
    dueOn: null,
    state: 'to-do',
    mayChange: false,
    parts: { total: 2, done: 0 },
    comments: [{ byName: 'Mei', text: 'On it.', mayRemove: false }],
    chats: [],
    cost: null,
  })
  expect(task.subtasks.map((each) => each.title)).toEqual(['Plan it', 'Do it'])
  expect(task.history.map(({ actorName, sentence }) => `${actorName} ${sentence}`)).toEqual([
    'Mei changed the task “Mend the bridge well”: title, due date',
    'Ada made the task “Mend the bridge”',
  ])
  await expect(make({ parentId: task.subtasks[0]!.taskId })).rejects.toEqual(failed('request.invalid'))
  await as(mei).tasks.close({ projectId, taskId: task.subtasks[0]!.taskId, as: 'done' })
  expect(await as(ada).tasks.get({ projectId, taskId })).toMatchObject({ parts: { total: 2, done: 1 } })
})

it('starts a chat that is given the task, and follows it from then on', async () => {
  const { taskId } = await make()
  const { chatId } = await as(mei).tasks.start({ projectId, taskId })
  const { events } = await as(ada).chats.eventsAfter({ chatId, afterSeq: 0 })
  expect(events).toMatchObject([
    { type: 'chat.created', by: mei.userId, title: 'Mend the bridge', harness: HARNESS },
    { type: 'turn.requested', by: mei.userId, prompt: [{ type: 'text', text: 'Mend the bridge\n\nIt has a hole.' }] },
  ])
  expect(await stateOf(taskId)).toBe('queued')
  const agent = await agentOf(chatId)
  await agent.accept()
  expect(await stateOf(taskId)).toBe('running')
  await agent.ask()
  expect(await stateOf(taskId)).toBe('asking')
  await agent.answered()
  expect(await stateOf(taskId)).toBe('running')
  await agent.changed()
  await agent.end('completed')
  expect(await as(viewer).tasks.get({ projectId, taskId })).toMatchObject({
    state: 'ended',
    chatId,
    harness: HARNESS,
    chats: [{ chatId, createdByName: 'Mei', seen: { title: 'Mend the bridge' }, changes: { files: 2, added: 13, removed: 1 } }],
  })
  await as(ada).tasks.close({ projectId, taskId, as: 'done' })
  expect(await stateOf(taskId)).toBe('done')
  await as(ada).tasks.reopen({ projectId, taskId })
  expect(await stateOf(taskId)).toBe('ended')
})

it('tells a lost, a stopped, a refused and a failed turn apart, and a further attempt from the one before', async () => {
  const { taskId } = await make()
  const states: string[] = []
  let chatId: ChatId | null = null
  for (const outcome of ['interrupted', 'cancelled', 'refused', 'failed'] as const) {
    const started = await as(ada).tasks.start({ projectId, taskId })
    expect(started).toEqual({ chatId: expect.any(String) as string, isNew: true })
    chatId = started.chatId
    const agent = await agentOf(chatId)
    await agent.accept()
    await agent.end(outcome, outcome === 'failed' ? { failure: { code: 'agent.crashed', facts: {} } } : {})
    states.push(await stateOf(taskId))
  }
  expect(states).toEqual(['interrupted', 'stopped', 'refused', 'failed'])
  expect(states.map((each) => columnOf(each as 'failed'))).toEqual(['needs-you', 'to-do', 'needs-you', 'needs-you'])
  expect(await as(mei).tasks.get({ projectId, taskId })).toMatchObject({ failure: { code: 'agent.crashed' }, chatId })
  // What failed is put away: the attempt before it counts again.
  await as(ada).chats.archive({ chatId: chatId! })
  expect(await stateOf(taskId)).toBe('refused')
})

it('makes one chat, however many start it at once, and none for what is closed', async () => {
  const { taskId } = await make()
  const starts = [ada, mei, ada, mei, ada].map((person) => () => as(person).tasks.start({ projectId, taskId }))
  const started = await Promise.all(starts.map((start) => start()))
  expect(new Set(started.map((each) => each.chatId)).size).toBe(1)
  expect(started.filter((each) => each.isNew)).toHaveLength(1)
  const { rows } = await pool().query(
    'select (select count(*)::int from task_chat where "taskId" = $1) as links, count(*)::int as chats from chat where "projectId" = $2 and id = $3',
    [taskId, projectId, started[0]!.chatId],
  )
  expect(rows[0]).toEqual({ links: 1, chats: 1 })
  await expect(as(mei).tasks.close({ projectId, taskId, as: 'done' })).rejects.toEqual(failed('task.busy'))

  const other = await make()
  await as(ada).tasks.close({ projectId, taskId: other.taskId, as: 'cancelled' })
  const before = await pool().query('select count(*) from chat')
  await expect(as(ada).tasks.start({ projectId, taskId: other.taskId })).rejects.toEqual(failed('task.closed'))
  expect((await pool().query('select count(*) from chat')).rows).toEqual(before.rows)
})

it('gives a sub-task’s agent the whole for context, and a chosen agent none of another’s models', async () => {
  const { taskId } = await make({ model: 'claude-opus-4-1', subtasks: ['Draw a plan'] })
  const { subtasks } = await as(ada).tasks.get({ projectId, taskId })
  await expect(as(ada).tasks.start({ projectId, taskId: subtasks[0]!.taskId, harness: 'codex' })).rejects.toEqual(
    failed('connection.missing'),
  )
  const { chatId } = await as(ada).tasks.start({ projectId, taskId: subtasks[0]!.taskId, model: null })
  const { events } = await as(ada).chats.eventsAfter({ chatId, afterSeq: 0 })
  const prompt = events.flatMap((event) => (event.type === 'turn.requested' ? event.prompt : []))[0]!.text
  expect(prompt).toMatch(/^Draw a plan\n\n---\nThis is one part of a larger task.*\n\nMend the bridge\n\nIt has a hole\.$/s)
})

it('shows of a private chat that there is one and how it stands, and nothing else', async () => {
  const olu = await seedTeamScope({ teamId: ada.teamId, role: 'member', name: 'Olu' })
  await connectLogin(olu)
  const { taskId } = await make({ title: 'What the account holds', harness: null, branch: 'main' })
  const { chatId } = await as(olu).tasks.start({ projectId, taskId, harness: HARNESS })
  const agent = await agentOf(chatId)
  await agent.accept()
  await agent.changed()
  await agent.end('failed', { failure: { code: 'agent.crashed', facts: { harness: HARNESS } } })
  expect(await as(olu).tasks.get({ projectId, taskId })).toMatchObject({
    state: 'failed',
    failure: { code: 'agent.crashed' },
    harness: HARNESS,
    chatId,
    isPrivate: false,
    chats: [{ chatId, changes: { files: 2 } }],
  })
  for (const reader of [ada, mei, viewer]) {
    const seen = await as(reader).tasks.get({ projectId, taskId })
    expect(seen).toMatchObject({ state: 'failed', failure: null, harness: null, chatId: null, isPrivate: true, cost: null })
    expect(seen.chats).toEqual([
      { chatId: null, seen: null, changes: null, status: 'failed', lastOutcome: 'failed', isArchived: false, createdByName: 'Olu' },
    ])
    expect(JSON.stringify([seen, await as(reader).tasks.list({ projectId })])).not.toContain(chatId)
  }
  // Nobody is led into it by starting the task, and nobody starts a second one beside it.
  await as(olu).tasks.start({ projectId, taskId, harness: HARNESS })
  await expect(as(ada).tasks.start({ projectId, taskId, harness: HARNESS })).rejects.toEqual(failed('task.busy'))
})

it('is read by viewers, changed by members, and elsewhere as good as unknown', async () => {
  const { taskId } = await make()
  const { commentId } = await as(mei).tasks.comment({ projectId, taskId, text: 'Mine' })
  const stranger = await seedTeamScope()
  const theirs = await seedProject(stranger)
  const changes = (person: TeamScope, place: { projectId: string; taskId: string }) => [
    () => as(person).tasks.update({ ...place, title: 'No' }),
    () => as(person).tasks.start(place),
    () => as(person).tasks.close({ ...place, as: 'done' as const }),
    () => as(person).tasks.reopen(place),
    () => as(person).tasks.comment({ ...place, text: 'No' }),
    () => as(person).tasks.removeComment({ ...place, commentId }),
  ]
  for (const change of changes(viewer, { projectId, taskId })) await expect(change()).rejects.toEqual(failed('access.denied'))
  await expect(as(viewer).tasks.create({ projectId, title: 'No' })).rejects.toEqual(failed('access.denied'))
  for (const change of changes(stranger, { projectId, taskId })) await expect(change()).rejects.toEqual(failed('project.missing'))
  for (const unknown of [taskId, '0198aaaa-0000-7000-8000-000000000000', 'nonsense']) {
    for (const change of changes(stranger, { projectId: theirs, taskId: unknown }))
      await expect(change()).rejects.toEqual(failed('task.missing'))
    await expect(as(stranger).tasks.get({ projectId: theirs, taskId: unknown })).rejects.toEqual(failed('task.missing'))
  }
  await expect(as(ada).tasks.update({ projectId, taskId, assigneeId: stranger.userId })).rejects.toEqual(failed('member.missing'))
  expect(await as(ada).tasks.get({ projectId, taskId })).toMatchObject({
    title: 'Mend the bridge',
    state: 'to-do',
    comments: [{ text: 'Mine' }],
  })

  const olu = await seedTeamScope({ teamId: ada.teamId, role: 'member' })
  await expect(as(olu).tasks.removeComment({ projectId, taskId, commentId })).rejects.toEqual(failed('comment.missing'))
  await as(ada).tasks.removeComment({ projectId, taskId, commentId })
  expect(await as(ada).tasks.get({ projectId, taskId })).toMatchObject({
    comments: [],
    history: [{ sentence: expect.stringContaining('of Mei') as string }, {}],
  })
})

it('lists what is assigned to whoever asks, what is due first, and hints at every change', async () => {
  const olu = await seedTeamScope({ teamId: ada.teamId, role: 'member' })
  const hints: Hint[] = []
  const off = onHint((hint) => hints.push(hint))
  for (const [title, dueOn] of [
    ['Later', '2031-01-01'],
    ['Whenever', null],
    ['Soon', '2030-01-01'],
    ['Closed', '2029-01-01'],
  ] as const) {
    const { taskId } = await make({ title, dueOn, assigneeId: olu.userId })
    if (title === 'Closed') await as(ada).tasks.close({ projectId, taskId, as: 'done' })
  }
  off()
  expect(hints.filter((hint) => hint.about === 'list' && hint.topic === 'tasks' && hint.teamId === ada.teamId)).toHaveLength(5)
  const listed = await as(olu).tasks.assigned()
  expect(listed.map(({ title, projectName }) => [title, projectName])).toEqual([
    ['Soon', 'Bridge'],
    ['Later', 'Bridge'],
    ['Whenever', 'Bridge'],
  ])
  expect(await as(mei).tasks.assigned()).toEqual(expect.not.arrayContaining([expect.objectContaining({ title: 'Soon' })]))
})
