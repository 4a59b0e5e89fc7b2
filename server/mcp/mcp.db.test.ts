import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RequestId, TurnId } from '#core/ids.ts'
import { tools } from '#server/mcp/tools/all.ts'
import { toolWords } from '#core/mcp/tool-groups.ts'
import { enterChat, enterTeamAgain, type TeamScope } from '#server/access/scope.ts'
import { answerQuestion } from '#server/chats/questions.ts'
import { recordServerFacts } from '#server/chats/append.ts'
import { answerPermission, listChats } from '#server/chats/service.ts'
import { connect } from '#server/connections/service.ts'
import { pool, prisma } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import { seedChat, seedProject, seedTeamScope } from '#server/db/testing.ts'
import { accessTokenOf, openClient, seedCallingRun, startMcpServer, type McpTestServer } from '#server/mcp/testing.ts'
import { indexChat } from '#server/search/indexer.ts'
import { remove } from '#server/teams/service.ts'

let server: McpTestServer
beforeAll(async () => {
  server = await startMcpServer()
})
afterAll(() => server.close())

/** A team of two, a project, and a run of the member's in a chat of it. */
async function seedWork() {
  const admin = await seedTeamScope({ name: 'Ada' })
  const member = await seedTeamScope({ teamId: admin.teamId, role: 'member', name: 'Grace' })
  const projectId = await seedProject(admin, { name: 'Compiler' })
  await prisma().project.update({ where: { id: projectId }, data: { instructions: 'Run the tests.' } })
  const chatId = await seedChat(member, { projectId, harness: 'codex' })
  return { admin, member, projectId, run: await seedCallingRun(member, chatId) }
}

const post = (path: string, { token, body, headers = {} }: { token?: string; body: unknown; headers?: Record<string, string> }) =>
  fetch(server.url + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify(body),
  })
const listing = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }
const eventsOf = async (chatId: string, type: string) =>
  (
    await pool().query<{ payload: Record<string, unknown> }>(
      'select payload from chat_event where "chatId" = $1 and type = $2 order by seq',
      [chatId, type],
    )
  ).rows.map(({ payload }) => payload)
/** A turn with a reply, as an agent leaves it. */
async function say(chatId: Parameters<typeof recordServerFacts>[0], by: { userId: string }, prompt: string, reply: string): Promise<void> {
  const turnId = mintUuid() as TurnId
  await recordServerFacts(chatId, [
    { type: 'turn.requested', turnId, by: by.userId as never, prompt: [{ type: 'text', text: prompt }] },
    { type: 'turn.accepted', turnId },
    { type: 'reply.appended', turnId, messageId: 'm' as never, offset: 0, text: reply },
    { type: 'turn.ended', turnId, outcome: 'completed', stopReason: 'end_turn' },
  ])
}

it('speaks the current protocol and the ones before it', async () => {
  const { run } = await seedWork()
  for (const version of ['2026-07-28', '2025-11-25', '2025-06-18']) {
    const client = await openClient(server.url, run.token, version)
    expect(client.protocolVersion).toBe(version)
    expect((await client.toolNames()).toSorted()).toEqual(Object.keys(toolWords).toSorted())
    expect(await client.call('project_context')).toMatchObject({ isError: false, output: { name: 'Compiler' } })
    await client.close()
  }
  expect(tools.map(({ name }) => name).toSorted()).toEqual(Object.keys(toolWords).toSorted())
})

it('acts for the person whose prompt the turn is, and logs each call in short', async () => {
  const { run, admin, member, projectId } = await seedWork()
  const client = await openClient(server.url, run.token)
  expect(await client.call('project_context')).toEqual({
    isError: false,
    text: expect.stringContaining('Run the tests.') as string,
    output: {
      projectId,
      name: 'Compiler',
      repositoryUrl: null,
      instructions: 'Run the tests.',
      chatId: run.chatId,
      isPrivateChat: false,
      task: null,
      actingFor: { memberId: member.userId, name: 'Grace', role: 'member' },
    },
  })
  expect(await client.call('project_members')).toMatchObject({
    output: {
      members: [
        { memberId: admin.userId, name: 'Ada', role: 'admin' },
        { memberId: member.userId, name: 'Grace', role: 'member' },
      ],
      left: 0,
    },
  })
  expect(await client.call('usage_left')).toMatchObject({ isError: false, output: { project: { days: 30, requests: 0 }, budgets: [] } })
  expect(await client.call('report_progress', { note: 'Half way, key sk-live-abcdefgh12345', fraction: 0.5 })).toMatchObject({
    isError: false,
  })
  expect(await client.call('search_chats', { query: 5 })).toMatchObject({ isError: true, text: expect.stringContaining('query') as string })
  expect(await eventsOf(run.chatId, 'progress.reported')).toEqual([
    { turnId: run.turnId, note: 'Half way, key sk-live-abcdefgh12345', fraction: 0.5 },
  ])
  const called = (tool: string, summary: string, outcome = 'completed') => ({
    turnId: run.turnId,
    server: 'gatehouse',
    tool,
    arguments: summary,
    outcome,
    durationMs: expect.any(Number) as number,
  })
  expect(await eventsOf(run.chatId, 'mcp.called')).toEqual([
    called('project_context', ''),
    called('project_members', ''),
    called('usage_left', ''),
    called('report_progress', 'note: "Half way, key …", fraction: 0.5'),
    called('search_chats', 'query: 5', 'failed'),
  ])
  await client.close()
})

describe('a token', () => {
  it('opens nothing but /mcp, where nothing else opens anything', async () => {
    const { run, member } = await seedWork()
    expect((await post('/mcp', { token: run.token, body: listing })).status).toBe(200)
    const pat = await accessTokenOf(member)
    for (const token of [undefined, 'mct_', `mct_${'a'.repeat(43)}`, run.wstoken, pat, run.token.slice(0, -1)]) {
      const refused = await post('/mcp', { ...(token !== undefined && { token }), body: listing })
      expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    }
    // Elsewhere it is no token at all: of the proxy neither in the path nor in its header, and of the API neither.
    const question = { model: 'gpt-6.1-sol', input: 'Hello?' }
    expect((await post(`/ai/proxy/${run.token}/openai/v1/responses`, { body: question })).status).toBe(401)
    expect((await post('/ai/proxy/-/openai/v1/responses', { body: question, headers: { 'x-gatehouse-wstoken': run.token } })).status).toBe(
      401,
    )
    expect((await fetch(`${server.url}/api/trpc/projects.list`, { headers: { authorization: `Bearer ${run.token}` } })).status).toBe(401)
  })

  it('is at rest as a hash', async () => {
    const { run } = await seedWork()
    const { rows } = await pool().query('select r::text as row from run r where id = $1', [run.runId])
    expect(rows[0].row).not.toContain(run.token.slice(4))
  })

  it.each([
    ['the run ends', `update run set "endedAt" = now() where id = $1`],
    ['its lease moves on', `update chat_head set epoch = epoch + 1 where "chatId" = (select "chatId" from run where id = $1)`],
    ['its node is removed', `update node set "disabledAt" = now() where id = (select "nodeId" from run where id = $1)`],
    ['the chat is archived', `update chat set "archivedAt" = now() where id = (select "chatId" from run where id = $1)`],
  ])('is dead at once when %s', async (_what, sql) => {
    const { run } = await seedWork()
    expect((await post('/mcp', { token: run.token, body: listing })).status).toBe(200)
    await pool().query(sql, [run.runId])
    expect((await post('/mcp', { token: run.token, body: listing })).status).toBe(401)
  })

  it('is dead when its person is removed from the team, also for a call in the middle of another session', async () => {
    const { run, admin, member } = await seedWork()
    const client = await openClient(server.url, run.token)
    await remove(admin, member.userId)
    await expect(client.call('project_context')).rejects.toThrow(/401|opens nothing/)
    expect((await post('/mcp', { token: run.token, body: listing })).status).toBe(401)
  })

  it('does nothing between two turns, when there is nobody to act for', async () => {
    const { run } = await seedWork()
    await pool().query('update chat_head set "activeTurn" = null, "activeBy" = null where "chatId" = $1', [run.chatId])
    const client = await openClient(server.url, run.token)
    expect(await client.call('project_context')).toMatchObject({ isError: true })
    await client.close()
  })

  it('has the groups that are on: as the run started, and as they are now', async () => {
    const { run, projectId } = await seedWork()
    await prisma().run.update({ where: { id: run.runId }, data: { mcpGroups: ['project', 'chats'] } })
    const client = await openClient(server.url, run.token)
    expect(await client.toolNames()).toEqual(['project_context', 'project_members', 'search_chats', 'read_chat'])
    await prisma().project.update({ where: { id: projectId }, data: { mcpGroupsOff: ['chats'] } })
    expect((await (await openClient(server.url, run.token)).toolNames()).toSorted()).toEqual(['project_context', 'project_members'])
    await expect(client.call('search_chats', { query: 'x' })).rejects.toThrow(/search_chats/)
    await expect(client.call('usage_left')).rejects.toThrow(/usage_left/)
    await client.close()
  })

  it('has no more calls under way than it may, counted from their first byte', async () => {
    const { run } = await seedWork()
    const unfinished = Array.from({ length: 16 }, () => {
      const headers = { authorization: `Bearer ${run.token}`, 'content-type': 'application/json', 'content-length': 100 }
      const asking = request(`${server.url}/mcp`, { method: 'POST', headers, agent: false }).on('error', () => {})
      asking.write('{')
      return asking
    })
    const statusNow = async () => (await post('/mcp', { token: run.token, body: listing })).status
    await expect.poll(statusNow, { timeout: 20_000 }).toBe(429)
    for (const asking of unfinished) asking.destroy()
    await expect.poll(statusNow, { timeout: 20_000 }).toBe(200)
  })

  it('is refused to a page of another site, whatever it shows', async () => {
    const { run } = await seedWork()
    expect((await post('/mcp', { token: run.token, body: listing, headers: { origin: 'https://evil.example' } })).status).toBe(403)
    expect((await post('/mcp', { token: run.token, body: listing, headers: { origin: server.url } })).status).toBe(200)
  })
})

describe('other chats', () => {
  it('are found and read by whoever may, and not those of another project', async () => {
    const { run, admin, member, projectId } = await seedWork()
    const open = await seedChat(admin, { projectId })
    await say(open, admin, 'Where does the parser stumble?', 'It stumbles at nested brackets.')
    const elsewhere = await seedChat(member)
    await say(elsewhere, member, 'Nested brackets elsewhere?', 'Yes, brackets.')
    for (const each of [open, elsewhere]) await indexChat(each)
    const client = await openClient(server.url, run.token)
    const { output } = await client.call('search_chats', { query: 'bracket' })
    expect(output).toMatchObject({ hits: [{ chatId: open, kind: 'reply' }] })
    expect((output!['hits'] as unknown[]).length).toBe(1)
    const read = await client.call('read_chat', { chatId: open })
    expect(read.text).toContain('It stumbles at nested brackets.')
    expect(read.text).toContain('Where does the parser stumble?')
    expect(read.output).toMatchObject({ startedBy: 'Ada', nextTurn: null })
    const foreign = await seedChat(await seedTeamScope())
    const refusals = await Promise.all([elsewhere, foreign, mintUuid(), 'nonsense'].map((chatId) => client.call('read_chat', { chatId })))
    // One and the same answer, so that nobody learns what exists.
    for (const each of refusals) expect(each).toEqual(refusals[0])
    expect(refusals[0]).toMatchObject({ isError: true })
    await client.close()
  })

  it('come in pages that begin where the one before ended', async () => {
    const { run, admin, projectId } = await seedWork()
    const long = await seedChat(admin, { projectId })
    for (const name of ['first', 'second', 'third', 'fourth'])
      await say(long, admin, `The ${name} question`, `${'word '.repeat(2_200)}${name} end`)
    const client = await openClient(server.url, run.token)
    const one = await client.call('read_chat', { chatId: long })
    const { nextTurn } = one.output as { nextTurn: number }
    expect([one.text.includes('The first question'), one.text.includes('The fourth question'), one.text.length < 40_000]).toEqual([
      true,
      false,
      true,
    ])
    const two = await client.call('read_chat', { chatId: long, fromTurn: nextTurn })
    expect(two.text).toContain('The fourth question')
    expect(two.output).toMatchObject({ nextTurn: null })
    await client.close()
  })

  it('that are private are nobody else’s, and stay out of a chat that others read', async () => {
    const { run, admin, member, projectId } = await seedWork()
    const [theirs, own] = [await seedChat(admin, { projectId }), await seedChat(member, { projectId })]
    await say(theirs, admin, 'The secret lighthouse', 'A lighthouse.')
    await say(own, member, 'My own lighthouse', 'A lighthouse.')
    await prisma().chat.updateMany({ where: { id: { in: [theirs, own] } }, data: { isPrivate: true } })
    for (const each of [theirs, own]) await indexChat(each)
    const client = await openClient(server.url, run.token)
    expect((await client.call('search_chats', { query: 'lighthouse' })).output).toEqual({ hits: [] })
    for (const chatId of [theirs, own]) expect(await client.call('read_chat', { chatId })).toMatchObject({ isError: true })
    // In a private chat of their own, nobody reads along: there, what is private and theirs is in reach.
    await prisma().chat.update({ where: { id: run.chatId }, data: { isPrivate: true } })
    expect((await client.call('search_chats', { query: 'lighthouse' })).output).toMatchObject({ hits: [{ chatId: own }, { chatId: own }] })
    expect(await client.call('read_chat', { chatId: own })).toMatchObject({ isError: false })
    expect(await client.call('read_chat', { chatId: theirs })).toMatchObject({ isError: true })
    await client.close()
  })
})

describe('a question to people', () => {
  const questionOf = async (chatId: string): Promise<RequestId> => {
    for (;;) {
      const [asked] = await eventsOf(chatId, 'question.asked')
      if (asked) return asked['questionId'] as RequestId
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const inChat = async (by: TeamScope, chatId: string) => enterChat(await enterTeamAgain(by), { act: 'prompt', chatId })

  it('waits for whoever may prompt, takes the first answer, and is in the lists meanwhile', async () => {
    const { run, admin, member, projectId } = await seedWork()
    const secret = { kind: 'api-key', provider: 'openai', key: 'sk-proj-abcdefghijklmnopqrstuv' } as const
    await connect(admin, { harness: 'codex', scope: 'project', projectId, secret })
    const client = await openClient(server.url, run.token)
    const asking = client.call('ask_person', { question: 'Which database?', choices: ['PostgreSQL', 'SQLite'] })
    const questionId = await questionOf(run.chatId)
    expect((await listChats(await enterTeamAgain(admin), { projectId })).find((each) => each.chatId === run.chatId)).toMatchObject({
      status: 'waiting',
      waitingFor: 1,
    })
    await expect(answerPermission(await inChat(admin, run.chatId), { requestId: questionId, optionId: 'SQLite' })).rejects.toMatchObject({
      code: 'permission.missing',
    })
    await answerQuestion(await inChat(admin, run.chatId), { questionId, answer: 'Neither: a file' })
    expect(await asking).toMatchObject({ output: { questionId, status: 'answered', answer: 'Neither: a file', by: 'Ada' } })
    await expect(answerQuestion(await inChat(member, run.chatId), { questionId, answer: 'SQLite' })).rejects.toMatchObject({
      code: 'question.already-answered',
      facts: { byName: 'Ada' },
    })
    expect(await client.call('read_answer', { questionId })).toMatchObject({ output: { answer: 'Neither: a file' } })
    expect((await listChats(await enterTeamAgain(admin), { projectId })).find((each) => each.chatId === run.chatId)).toMatchObject({
      status: 'running',
    })
    expect(await client.call('read_answer', { questionId: mintUuid() })).toMatchObject({ isError: true })
    await client.close()
  })

  it('is over with its turn, and is cut within five seconds when the run ends', async () => {
    const { run } = await seedWork()
    const client = await openClient(server.url, run.token)
    const asking = client.call('ask_person', { question: 'Now?' })
    await questionOf(run.chatId)
    await pool().query(`update command set state = 'accepted' where "chatId" = $1`, [run.chatId])
    await recordServerFacts(run.chatId, [{ type: 'turn.ended', turnId: run.turnId, outcome: 'cancelled', stopReason: null }])
    expect(await asking).toMatchObject({ output: { status: 'closed', answer: null } })
    await client.close()

    const { run: other } = await seedWork()
    const { token } = other
    const call = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'ask_person', arguments: { question: 'Still there?' } } }
    const cut = post('/mcp', { token, body: call }).then(async (answer) => answer.text())
    await questionOf(other.chatId)
    await pool().query('update run set "endedAt" = now() where id = $1', [other.runId])
    const sinceMs = Date.now()
    await expect(cut).rejects.toThrow(/fetch failed|terminated/)
    expect(Date.now() - sinceMs).toBeLessThan(5_000)
  })
})

describe('starting a chat', () => {
  async function seedConnected() {
    const work = await seedWork()
    const secret = { kind: 'api-key', provider: 'openai', key: 'sk-proj-abcdefghijklmnopqrstuv' } as const
    await connect(work.member, { harness: 'codex', scope: 'user', secret })
    return work
  }

  it('asks another agent for the person, whose connection pays', async () => {
    const { run, member, projectId } = await seedConnected()
    const client = await openClient(server.url, run.token)
    const { output: agents } = await client.call('list_agents')
    expect(agents).toMatchObject({ agents: expect.arrayContaining([{ agent: 'codex', name: 'Codex', isConnected: true }]) as unknown })
    const { output } = await client.call('start_chat', { agent: 'codex', prompt: 'Review the parser.', title: 'Review' })
    expect(output).toEqual({ chatId: expect.any(String) as string, startsLeftToday: 9 })
    const { chatId } = output as { chatId: string }
    const scope = await enterTeamAgain(member)
    expect((await listChats(scope, { projectId })).find((each) => each.chatId === chatId)).toMatchObject({
      title: 'Review',
      harness: 'codex',
      createdByName: 'Grace',
      status: 'queued',
      isPrivate: false,
    })
    expect(await eventsOf(chatId, 'chat.created')).toMatchObject([{ by: member.userId, startedFrom: run.chatId }])
    expect(await client.call('chat_status', { chatId })).toMatchObject({
      output: { title: 'Review', status: 'queued', lastTurn: expect.stringContaining('Review the parser.') as string },
    })
    expect(await client.call('start_chat', { agent: 'claude-code', prompt: 'Too?' })).toMatchObject({ isError: true })
    expect(await client.call('start_chat', { agent: 'nobody', prompt: 'Too?' })).toMatchObject({ isError: true })
    await client.close()
  })

  it('ends at a number a day, also for calls side by side, and at a depth', async () => {
    const { run } = await seedConnected()
    const client = await openClient(server.url, run.token)
    const answers = await Promise.all(Array.from({ length: 12 }, () => client.call('start_chat', { agent: 'codex', prompt: 'Go.' })))
    expect(answers.filter((each) => !each.isError)).toHaveLength(10)
    expect((await pool().query('select count(*)::int as n from chat where "startedFrom" = $1', [run.chatId])).rows[0].n).toBe(10)
    await pool().query('update chat set "startDepth" = 2 where id = $1', [run.chatId])
    await pool().query('update chat set "startedFrom" = null where "startedFrom" = $1', [run.chatId])
    expect(await client.call('start_chat', { agent: 'codex', prompt: 'Go.' })).toMatchObject({
      isError: true,
      text: expect.stringContaining('steps deep') as string,
    })
    await client.close()
  })

  it('keeps nothing else waiting, from however many chats at once', async () => {
    const { run, member, projectId } = await seedConnected()
    const runs = [run]
    for (let more = 0; more < 3; more++) runs.push(await seedCallingRun(member, await seedChat(member, { projectId, harness: 'codex' })))
    const clients = await Promise.all(runs.map(({ token }) => openClient(server.url, token)))
    // More than the pool has connections, of which each would hold one.
    const starting = Promise.all(
      clients.flatMap((client) => Array.from({ length: 12 }, () => client.call('start_chat', { agent: 'codex', prompt: 'Go.' }))),
    )
    const besides = Promise.all(Array.from({ length: 20 }, () => pool().query('select 1')))
    expect((await besides).every(({ rowCount }) => rowCount === 1)).toBe(true)
    const answers = await starting
    expect(answers.filter((each) => !each.isError)).toHaveLength(40)
    for (const each of answers.filter(({ isError }) => isError)) expect(each.text).toContain('which is the limit')
    for (const client of clients) await client.close()
  })

  it('spends a login only for its owner, from a chat in which nobody else has had a say', async () => {
    const { run, admin, member, projectId } = await seedWork()
    const contents = JSON.stringify({ tokens: { access_token: 'at', refresh_token: 'rt' } })
    await connect(member, { harness: 'codex', scope: 'user', secret: { kind: 'auth-file', format: 'codex', contents } })
    const client = await openClient(server.url, run.token)
    const start = () => client.call('start_chat', { agent: 'codex', prompt: 'Go.' })
    const refused = { isError: true, text: expect.stringContaining('own login') as string }
    expect(await start()).toMatchObject(refused)
    const alter = (data: Parameters<ReturnType<typeof prisma>['chat']['update']>[0]['data']) =>
      prisma().chat.update({ where: { id: run.chatId }, data })
    await alter({ isPrivate: true, isHandedOver: true })
    expect(await start()).toMatchObject(refused)
    await alter({ isHandedOver: false, createdBy: admin.userId })
    expect(await start()).toMatchObject(refused)
    expect(
      (await listChats(await enterTeamAgain(member), { projectId })).every(
        (each) => each.harness !== 'codex' || each.chatId === run.chatId,
      ),
    ).toBe(true)
    await alter({ createdBy: member.userId })
    expect(await start()).toMatchObject({ isError: false })
    await client.close()
  })

  it('is not for whoever may only look, and stays private where the chat is', async () => {
    const { run, member } = await seedConnected()
    const client = await openClient(server.url, run.token)
    await prisma().chat.update({ where: { id: run.chatId }, data: { isPrivate: true } })
    const { output } = await client.call('start_chat', { agent: 'codex', prompt: 'Go.' })
    expect(await prisma().chat.findUnique({ where: { id: (output as { chatId: string }).chatId } })).toMatchObject({
      isPrivate: true,
      startDepth: 1,
    })
    await prisma().member.updateMany({ where: { userId: member.userId }, data: { role: 'viewer' } })
    expect(await client.call('start_chat', { agent: 'codex', prompt: 'Go.' })).toMatchObject({ isError: true })
    expect(await client.call('project_context')).toMatchObject({ isError: false })
    await client.close()
  })
})
