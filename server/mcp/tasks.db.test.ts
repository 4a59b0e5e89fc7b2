import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ChatId, ProjectId } from '#core/ids.ts'
import { toolsOf } from '#core/mcp/tool-groups.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { pool, prisma } from '#server/db/client.ts'
import { seedChat, seedProject, seedTeamScope } from '#server/db/testing.ts'
import { openClient, seedCallingRun, startMcpServer, type McpTestServer, type TestClient } from '#server/mcp/testing.ts'
import { as, connectKey, HARNESS } from '#server/tasks/testing.ts'

let server: McpTestServer
const clients: TestClient[] = []
beforeAll(async () => {
  server = await startMcpServer()
})
afterAll(async () => {
  for (const client of clients) await client.close()
  await server.close()
})

/** Two people of a project, and an agent of the second one's in a chat of it. */
async function seedWork() {
  const ada = await seedTeamScope({ name: 'Ada' })
  const mei = await seedTeamScope({ teamId: ada.teamId, role: 'member', name: 'Mei' })
  const projectId = await seedProject(ada, { name: 'Bridge' })
  return { ada, mei, projectId, ...(await seedAgent(mei, projectId)) }
}

async function seedAgent(by: TeamScope, projectId: ProjectId, given?: ChatId) {
  const run = await seedCallingRun(by, given ?? (await seedChat(by, { projectId, harness: 'codex' })))
  await prisma().run.update({ where: { id: run.runId }, data: { harness: 'codex' } })
  const client = await openClient(server.url, run.token)
  clients.push(client)
  return { run, client }
}

const refused = (words: string) => ({ isError: true, text: expect.stringContaining(words) as string })
const taskIdOf = ({ output }: { output: unknown }): string => (output as { taskId: string }).taskId
type Listed = { tasks: { taskId: string; title: string; isThisChats: boolean }[] }
const titlesOf = ({ output }: { output: unknown }): string[] => (output as Listed).tasks.map(({ title }) => title)

it('makes, changes and comments on tasks for its person, and says that it came through the agent', async () => {
  const { ada, projectId, run, client } = await seedWork()
  const taskId = taskIdOf(
    await client.call('create_task', {
      title: ' Mend\n the bridge ',
      instructions: 'It has a hole.',
      assigneeId: ada.userId,
      dueOn: '2030-02-01',
      agent: HARNESS,
      branch: 'feature/bridge',
      subtasks: ['Plan it', 'Do it'],
    }),
  )
  expect(await client.call('update_task', { taskId, title: 'Mend the bridge well', dueOn: null, agent: null })).toMatchObject({
    isError: false,
    output: { taskId },
  })
  expect(await client.call('comment_on_task', { taskId, text: ' The hole is round. ' })).toMatchObject({ isError: false })
  await as(ada).tasks.comment({ projectId, taskId, text: 'Good.' })

  const seen = await as(ada).tasks.get({ projectId, taskId })
  expect(seen).toMatchObject({
    title: 'Mend the bridge well',
    instructions: 'It has a hole.',
    createdByName: 'Mei',
    assignee: { userId: ada.userId },
    dueOn: null,
    wish: { harness: null, model: null, branch: 'feature/bridge' },
    state: 'to-do',
    origin: { is: 'agent', name: 'Codex' },
    comments: [
      { byName: 'Mei', agentName: 'Codex', text: 'The hole is round.' },
      { byName: 'Ada', agentName: null, text: 'Good.' },
    ],
  })
  expect(seen.history.map(({ actorName, sentence }) => `${actorName} ${sentence}`)).toEqual([
    'Mei changed the task “Mend the bridge well” by the agent “Codex”: title, due date, agent',
    'Mei made the task “Mend the bridge” by the agent “Codex”',
  ])
  expect(await as(ada).tasks.get({ projectId, taskId: seen.subtasks[0]!.taskId })).toMatchObject({ origin: { is: 'agent' } })

  expect(await client.call('read_task', { taskId })).toMatchObject({
    output: {
      title: 'Mend the bridge well',
      column: 'to-do',
      isThisChats: false,
      madeBy: 'Mei',
      assignee: { memberId: ada.userId, name: 'Ada' },
      instructions: 'It has a hole.',
      nextInstructions: null,
      parts: [
        { title: 'Plan it', state: 'to-do' },
        { title: 'Do it', state: 'to-do' },
      ],
      comments: [
        { by: 'Ada', throughAgent: null, text: 'Good.' },
        { by: 'Mei', throughAgent: 'Codex', text: 'The hole is round.' },
      ],
      earlierComments: 0,
    },
  })
  const { rows } = await pool().query(`select payload from chat_event where "chatId" = $1 and type = 'mcp.called' order by seq`, [
    run.chatId,
  ])
  expect(rows.map(({ payload }) => [payload.tool, payload.outcome])).toEqual([
    ['create_task', 'completed'],
    ['update_task', 'completed'],
    ['comment_on_task', 'completed'],
    ['read_task', 'completed'],
  ])
  expect(rows[2].payload.arguments).toBe(`taskId: "${taskId}", text: " The hole is round. "`)
})

it('finds tasks by where they stand, whose they are and what they are called, page by page', async () => {
  const { ada, mei, projectId, client } = await seedWork()
  const make = (title: string, more: object = {}) => as(ada).tasks.create({ projectId, title, ...more })
  await make('Paint the rail', { assigneeId: mei.userId })
  const { taskId } = await make('Paint the deck')
  await make('Count the cars')
  await as(ada).tasks.close({ projectId, taskId, as: 'done' })
  expect(titlesOf(await client.call('list_tasks'))).toEqual(['Count the cars', 'Paint the rail'])
  expect(titlesOf(await client.call('list_tasks', { column: 'done' }))).toEqual(['Paint the deck'])
  expect(titlesOf(await client.call('list_tasks', { column: 'running' }))).toEqual([])
  expect(titlesOf(await client.call('list_tasks', { title: 'PAINT' }))).toEqual(['Paint the rail'])
  expect(titlesOf(await client.call('list_tasks', { assigneeId: mei.userId }))).toEqual(['Paint the rail'])
  expect(await client.call('list_tasks', { limit: 1 })).toMatchObject({ output: { tasks: [{ title: 'Count the cars' }], left: 1 } })
  expect(await client.call('list_tasks', { limit: 1, skip: 1 })).toMatchObject({
    output: { tasks: [{ title: 'Paint the rail' }], left: 0 },
  })
})

it('knows the task that its own chat was started for', async () => {
  const { mei, projectId, client } = await seedWork()
  await connectKey(mei)
  const { taskId } = await as(mei).tasks.create({ projectId, title: 'Mend the bridge', harness: HARNESS })
  await as(mei).tasks.create({ projectId, title: 'Another' })
  const { chatId } = await as(mei).tasks.start({ projectId, taskId })
  const { client: atWork } = await seedAgent(mei, projectId, chatId)
  expect(await atWork.call('project_context')).toMatchObject({ output: { task: { taskId, title: 'Mend the bridge' } } })
  expect(await atWork.call('read_task')).toMatchObject({ output: { taskId, isThisChats: true, chats: [{ chatId, startedBy: 'Mei' }] } })
  const { tasks } = (await atWork.call('list_tasks')).output as Listed
  expect(tasks.filter((each) => each.isThisChats).map((each) => each.taskId)).toEqual([taskId])
  expect(tasks).toHaveLength(2)
  expect(await client.call('read_task')).toMatchObject(refused('was not started for a task'))
})

it('tells of a private chat that it is there, and leads to it only from where nobody else reads', async () => {
  const { ada, mei, projectId, run, client } = await seedWork()
  await connectKey(mei)
  const { taskId } = await as(mei).tasks.create({ projectId, title: 'Mend the bridge', harness: HARNESS })
  const { chatId } = await as(mei).tasks.start({ projectId, taskId })
  expect(await client.call('read_task', { taskId })).toMatchObject({ output: { chats: [{ chatId }] } })
  await prisma().chat.update({ where: { id: chatId }, data: { isPrivate: true } })
  const open = await client.call('read_task', { taskId })
  expect(open).toMatchObject({ output: { state: 'queued', chats: [{ chatId: null, filesChanged: null, startedBy: 'Mei' }] } })
  expect(open.text + (await client.call('list_tasks')).text).not.toContain(chatId)
  const { client: others } = await seedAgent(ada, projectId)
  expect((await others.call('read_task', { taskId })).text).not.toContain(chatId)
  await prisma().chat.update({ where: { id: run.chatId }, data: { isPrivate: true } })
  expect(await client.call('read_task', { taskId })).toMatchObject({ output: { chats: [{ chatId }] } })
})

it('gives long tasks in pages, which come to the whole', async () => {
  const { ada, projectId, client } = await seedWork()
  const instructions = `a${'🌉'.repeat(12_000)}b`
  const { taskId } = await as(ada).tasks.create({ projectId, title: 'Long', instructions })
  const texts = ['1', '2', '3'].map((name) => name.repeat(6_000))
  for (const text of texts) await as(ada).tasks.comment({ projectId, taskId, text })
  const one = await client.call('read_task', { taskId })
  const first = one.output as { instructions: string; nextInstructions: number; comments: { text: string }[]; earlierComments: number }
  expect([first.instructions.isWellFormed(), first.comments.map(({ text }) => text), first.earlierComments]).toEqual([true, [texts[2]], 2])
  const two = await client.call('read_task', { taskId, fromInstructions: first.nextInstructions, skipComments: 1 })
  expect(two.output).toMatchObject({ nextInstructions: null, comments: [{ text: texts[1] }], earlierComments: 1 })
  expect(first.instructions + (two.output as typeof first).instructions).toBe(instructions)
  expect(await client.call('comment_on_task', { taskId, text: 'x'.repeat(10_001) })).toMatchObject(refused('do not fit'))
  expect(await client.call('create_task', { title: 'x'.repeat(201) })).toMatchObject(refused('do not fit'))
  expect(await client.call('update_task', { taskId })).toMatchObject(refused('Nothing to change'))
})

it('is refused elsewhere, to whoever may only look, and where the group is off', async () => {
  const { ada, mei, projectId, run, client } = await seedWork()
  const { taskId } = await as(ada).tasks.create({ projectId, title: 'Stays as it is' })
  const sibling = await seedProject(ada, { name: 'Tunnel' })
  const { taskId: elsewhere } = await as(ada).tasks.create({ projectId: sibling, title: 'Of another project' })
  const stranger = await seedTeamScope()
  const theirs = await seedProject(stranger)
  const { taskId: foreign } = await as(stranger).tasks.create({ projectId: theirs, title: 'Of another team' })
  const changesOf = (id: string) =>
    [
      () => client.call('update_task', { taskId: id, title: 'No' }),
      () => client.call('comment_on_task', { taskId: id, text: 'No' }),
    ] as const
  // One and the same answer, so that nobody learns what exists.
  for (const unknown of [elsewhere, foreign, '0198aaaa-0000-7000-8000-000000000000', 'nonsense'])
    for (const call of [...changesOf(unknown), () => client.call('read_task', { taskId: unknown })])
      expect(await call()).toMatchObject(refused('There is no such task in this project.'))
  expect(await client.call('create_task', { title: 'No', parentId: elsewhere })).toMatchObject(refused('There is no such task'))
  expect(await client.call('create_task', { title: 'No', assigneeId: stranger.userId })).toMatchObject(refused('no such person'))
  expect(await client.call('create_task', { title: 'No', agent: 'nobody' })).toMatchObject(refused('no such agent'))
  expect(await client.call('update_task', { taskId, agent: 'nobody' })).toMatchObject(refused('no such agent'))
  expect(titlesOf(await client.call('list_tasks'))).toEqual(['Stays as it is'])

  await prisma().member.updateMany({ where: { userId: mei.userId }, data: { role: 'viewer' } })
  for (const call of [...changesOf(taskId), () => client.call('create_task', { title: 'No' })])
    expect(await call()).toMatchObject(refused('may not do this'))
  expect(titlesOf(await client.call('list_tasks'))).toEqual(['Stays as it is'])
  expect(await as(ada).tasks.get({ projectId, taskId })).toMatchObject({ title: 'Stays as it is', comments: [] })

  await prisma().project.update({ where: { id: projectId }, data: { mcpGroupsOff: ['tasks'] } })
  for (const name of toolsOf('tasks')) await expect(client.call(name, { taskId, title: 'No', text: 'No' })).rejects.toThrow(name)
  const later = await openClient(server.url, run.token)
  clients.push(later)
  expect((await later.toolNames()).filter((name) => name.includes('task'))).toEqual([])
})
