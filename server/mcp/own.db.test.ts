/** MCP servers that a project brings: added by whoever may, sealed, asked through us by agents alone, guarded. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { pool } from '#server/db/client.ts'
import { seedChat, seedProject, seedTeamScope } from '#server/db/testing.ts'
import { accessTokenOf, seedCallingRun, startMcpServer, type McpTestServer } from '#server/mcp/testing.ts'
import type { TeamScope } from '#server/access/scope.ts'

const SECRET = 'a-secret-of-the-docs-server'
const received: { method: string; headers: IncomingHttpHeaders; message: { method?: string; id?: number } | null }[] = []
let brought: Server
let origin: string
let server: McpTestServer

beforeAll(async () => {
  brought = createServer((request, response) => {
    let body = ''
    request.on('data', (piece) => (body += String(piece)))
    request.on('end', () => {
      const message = body === '' ? null : (JSON.parse(body) as { method?: string; id?: number; params?: { protocolVersion?: string } })
      received.push({ method: request.method!, headers: request.headers, message })
      const json = (status: number, value: object, headers: Record<string, string> = {}) =>
        response.writeHead(status, { 'content-type': 'application/json', 'set-cookie': 'a=b', ...headers }).end(JSON.stringify(value))
      if (request.url === '/moved') return void response.writeHead(307, { location: `${origin}/mcp` }).end()
      if (request.url === '/page') return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>')
      if (request.headers['x-api-key'] !== SECRET) return void json(401, {})
      if (request.url === '/held' && (request.method === 'GET' || message?.method === 'tools/call')) {
        // It says nothing more, and of a call not even that it has begun.
        if (request.method === 'GET') response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': here\n\n')
        return
      }
      if (message?.id === undefined) return void response.writeHead(202).end()
      const answer = (result: object) => json(200, { jsonrpc: '2.0', id: message.id, result }, { 'mcp-session-id': 'session-1' })
      if (message.method === 'initialize') {
        const serverInfo = { name: 'docs', title: 'Docs of ours', version: '1' }
        return void answer({ protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo })
      }
      if (message.method === 'tools/list' && request.url === '/flood') {
        const result = { tools: [{ name: 'look_up', description: ' '.repeat(3_000_000), inputSchema: { type: 'object' } }] }
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
        return void response.end(gzipSync(JSON.stringify({ jsonrpc: '2.0', id: message.id, result })))
      }
      if (message.method === 'tools/list' && request.url === '/odd')
        return void answer({ tools: ['a\0b', 'c\ud800'].map((name) => ({ name, inputSchema: { type: 'object' } })) })
      if (message.method === 'tools/list') return void answer({ tools: [{ name: 'look_up', inputSchema: { type: 'object' } }] })
      if (message.method !== 'tools/call')
        return void json(200, { jsonrpc: '2.0', id: message.id, error: { code: -32_601, message: 'No such method' } })
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(
        `data: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { content: [{ type: 'text', text: 'the nonce' }] } })}\n\n`,
      )
    })
  })
  await new Promise<void>((resolve) => brought.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(brought.address() as AddressInfo).port}`
  origin = `http://${host}`
  vi.stubEnv('GATEHOUSE_PRIVATE_UPSTREAMS', host)
  server = await startMcpServer()
})
afterAll(async () => {
  await server.close()
  brought.close()
})

async function api(scope: TeamScope) {
  const authorization = `Bearer ${await accessTokenOf(scope)}`
  return async (path: string, input: object, isQuery = false) => {
    const url = `${server.url}/api/trpc/${path}${isQuery ? `?input=${encodeURIComponent(JSON.stringify(input))}` : ''}`
    const body = isQuery ? {} : { method: 'POST', body: JSON.stringify(input) }
    const answer = await fetch(url, { ...body, headers: { authorization, 'content-type': 'application/json' } })
    const read = (await answer.json()) as { result?: { data: unknown }; error?: { message: string } }
    return { status: answer.status, data: (read.result?.data ?? {}) as Record<string, unknown>, code: read.error?.message }
  }
}

async function seedBrought(path = '/mcp') {
  const admin = await seedTeamScope()
  const projectId = await seedProject(admin)
  const call = await api(admin)
  const added = await call('mcpServers.add', {
    projectId,
    name: 'docs',
    url: origin + path,
    headers: [{ name: 'X-Api-Key', value: SECRET }],
  })
  const run = await seedCallingRun(admin, await seedChat(admin, { projectId }))
  return { admin, projectId, call, serverId: added.data['serverId'] as string, finding: added.data['finding'], run }
}

const ask = (path: string, token: string, message: object, headers: Record<string, string> = {}, signal?: AbortSignal) =>
  fetch(server.url + path, {
    method: 'POST',
    ...(signal && { signal }),
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: JSON.stringify(message),
  })
const loggedOf = async (chatId: string) =>
  (
    await pool().query<{ payload: object }>(`select payload from chat_event where "chatId" = $1 and type = 'mcp.called'`, [chatId])
  ).rows.map(({ payload }) => payload)
const callTool = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'look_up', arguments: { word: 'gate', token: 'hidden' } } }

it('is added with what a look at it finds, and never shows what opens it again', async () => {
  const { projectId, call, serverId, finding } = await seedBrought()
  expect(finding).toEqual({ is: 'good', title: 'Docs of ours', tools: ['look_up'] })
  const listed = await call('mcpServers.list', { projectId }, true)
  expect(listed.data).toMatchObject([
    {
      serverId,
      name: 'docs',
      url: `${origin}/mcp`,
      headerNames: ['X-Api-Key'],
      isEnabled: true,
      finding,
      foundAt: expect.any(String) as string,
    },
  ])
  const { rows } = await pool().query('select s::text as row from project_mcp_server s where id = $1', [serverId])
  const { rows: audit } = await pool().query(`select facts::text as facts from audit_entry where act like 'mcp-server.%'`)
  for (const text of [JSON.stringify(listed), rows[0].row as string, JSON.stringify(audit)]) expect(text).not.toContain(SECRET)
  expect(await call('mcpServers.add', { projectId, name: 'docs', url: `${origin}/mcp`, headers: [] })).toMatchObject({
    code: 'mcp-server.name-taken',
  })
})

it('says what is wrong with one that does not answer as it should', async () => {
  const { projectId, call } = await seedBrought()
  const add = async (name: string, url: string, headers: object[] = []) =>
    (await call('mcpServers.add', { projectId, name, url, headers })).data['finding']
  expect(await add('closed', `${origin}/mcp`, [{ name: 'x-api-key', value: 'wrong' }])).toEqual({ is: 'refused', status: 401 })
  expect(await add('moved', `${origin}/moved`)).toMatchObject({ is: 'not-mcp', status: 307 })
  expect(await add('page', `${origin}/page`)).toMatchObject({ is: 'not-mcp' })
  for (const url of [
    'http://127.0.0.1:1/mcp',
    'https://169.254.169.254/latest',
    'https://[::1]/mcp',
    'http://example.org/mcp',
    'ftp://x',
    'nonsense',
  ]) {
    expect(await call('mcpServers.add', { projectId, name: 'inside', url, headers: [] })).toMatchObject({
      status: 422,
      code: 'upstream.unsafe',
    })
  }
  for (const name of ['gatehouse', 'A', 'a b', ''])
    expect(await call('mcpServers.add', { projectId, name, url: `${origin}/mcp`, headers: [] })).toMatchObject({ status: 400 })
  for (const name of ['Host', 'content-length', 'Mcp-Session-Id', 'cookie']) {
    expect(await call('mcpServers.add', { projectId, name: 'ok', url: `${origin}/mcp`, headers: [{ name, value: 'x' }] })).toMatchObject({
      status: 400,
    })
  }
})

it('is not taken in whole when it answers without end, nor in characters that cannot be kept', async () => {
  expect((await seedBrought('/flood')).finding).toEqual({ is: 'not-mcp', status: 200 })
  const odd = { is: 'good', title: 'Docs of ours', tools: ['a\u2400b', 'c\ufffd'] }
  const { finding, projectId, call } = await seedBrought('/odd')
  expect(finding).toEqual(odd)
  expect((await call('mcpServers.list', { projectId }, true)).data).toMatchObject([{ finding: odd }])
})

it('is asked by agents of its project through us, with what opens it and nothing of theirs', async () => {
  const { serverId, run } = await seedBrought()
  const path = `/mcp/own/${serverId}`
  const before = received.length
  const answer = await ask(path, run.token, callTool, {
    'mcp-session-id': 'session-1',
    'x-api-key': 'forged',
    'x-other': 'theirs',
  })
  expect([answer.status, answer.headers.get('set-cookie')]).toEqual([200, null])
  expect(await answer.text()).toContain('the nonce')
  const { headers } = received[before]!
  expect(headers).toMatchObject({ 'x-api-key': SECRET, 'mcp-session-id': 'session-1' })
  for (const name of ['authorization', 'cookie', 'x-other', 'origin']) expect(headers[name]).toBeUndefined()
  expect(await loggedOf(run.chatId)).toMatchObject([
    { server: 'docs', tool: 'look_up', arguments: 'word: "gate", token: …', outcome: 'completed', turnId: run.turnId },
  ])
})

it('is called for somebody, one call at a time, or not at all', async () => {
  const { serverId, run } = await seedBrought()
  const path = `/mcp/own/${serverId}`
  const listing = { jsonrpc: '2.0', id: 8, method: 'tools/list' }
  const before = received.length
  for (const message of [[callTool], [listing, callTool], [], 'tools/call', null, { ...callTool, params: {} }])
    expect((await ask(path, run.token, message as object)).status).toBe(400)
  expect(received.length).toBe(before)
  expect((await ask(path, run.token, { ...callTool, params: { name: 'look_up' } })).status).toBe(200)
  expect(await loggedOf(run.chatId)).toMatchObject([{ tool: 'look_up', arguments: '' }])
  await pool().query('update chat_head set "activeTurn" = null, "activeBy" = null where "chatId" = $1', [run.chatId])
  expect((await ask(path, run.token, callTool)).status).toBe(403)
  expect(received.length).toBe(before + 1)
  // What an agent asks before its first turn goes on.
  expect((await ask(path, run.token, listing)).status).toBe(200)
})

it('is in the log when it was called, also when the agent does not wait for the answer', async () => {
  const { serverId, run } = await seedBrought('/held')
  const hangUp = new AbortController()
  const before = received.length
  const calling = ask(`/mcp/own/${serverId}`, run.token, callTool, {}, hangUp.signal)
  await Promise.all([
    expect(calling).rejects.toThrow(/abort/i),
    vi.waitFor(() => expect(received.length).toBe(before + 1), { timeout: 20_000 }).then(() => hangUp.abort()),
  ])
  await expect.poll(() => loggedOf(run.chatId), { timeout: 20_000 }).toMatchObject([{ tool: 'look_up', outcome: 'failed' }])
})

it.each([
  ['off', 'mcpServers.setEnabled', { isEnabled: false }],
  ['gone', 'mcpServers.remove', {}],
])('is cut off from what is open when it is %s', async (_how, act, more) => {
  const { projectId, call, serverId, run } = await seedBrought('/held')
  const headers = { authorization: `Bearer ${run.token}`, accept: 'text/event-stream' }
  const open = await fetch(`${server.url}/mcp/own/${serverId}`, { headers })
  const reader = open.body!.getReader()
  expect(Buffer.from((await reader.read()).value!).toString()).toBe(': here\n\n')
  expect(await call(act, { projectId, serverId, ...more })).toMatchObject({ status: 200 })
  await expect(reader.read()).rejects.toThrow('terminated')
})

it('is out of reach for everybody else, and once it is off or gone', async () => {
  const { projectId, call, serverId, run } = await seedBrought()
  const path = `/mcp/own/${serverId}`
  const other = await seedBrought()
  expect((await ask(path, other.run.token, callTool)).status).toBe(404)
  expect((await ask(path, `mct_${'x'.repeat(43)}`, callTool)).status).toBe(401)
  expect((await ask(path, run.wstoken, callTool)).status).toBe(401)
  const before = received.length
  expect(await call('mcpServers.setEnabled', { projectId, serverId, isEnabled: false })).toMatchObject({ status: 200 })
  expect((await ask(path, run.token, callTool)).status).toBe(404)
  expect(await call('mcpServers.remove', { projectId, serverId })).toMatchObject({ status: 200 })
  expect((await ask(path, run.token, callTool)).status).toBe(404)
  expect(received.length).toBe(before)
  expect(await call('mcpServers.check', { projectId, serverId })).toMatchObject({ code: 'mcp-server.missing' })
})

it('is not followed to where it sends, and its refusal is no word about the agent', async () => {
  const { projectId, call, run } = await seedBrought()
  const add = async (name: string, url: string, headers: object[] = []) =>
    (await call('mcpServers.add', { projectId, name, url, headers })).data['serverId'] as string
  const moved = await add('moved', `${origin}/moved`)
  const closed = await add('closed', `${origin}/mcp`, [{ name: 'x-api-key', value: 'wrong' }])
  for (const id of [moved, closed]) expect((await ask(`/mcp/own/${id}`, run.token, callTool)).status).toBe(502)
})

it('is for its maintainers to add, check and remove, and for members to see', async () => {
  const { admin, projectId, serverId } = await seedBrought()
  const member = await api(await seedTeamScope({ teamId: admin.teamId, role: 'member' }))
  const stranger = await api(await seedTeamScope())
  expect((await member('mcpServers.list', { projectId }, true)).status).toBe(200)
  for (const [who, code] of [
    [member, 'access.denied'],
    [stranger, 'project.missing'],
  ] as const) {
    expect(await who('mcpServers.add', { projectId, name: 'mine', url: `${origin}/mcp`, headers: [] })).toMatchObject({ code })
    for (const act of ['check', 'remove']) expect(await who(`mcpServers.${act}`, { projectId, serverId })).toMatchObject({ code })
    expect(await who('mcpServers.setEnabled', { projectId, serverId, isEnabled: false })).toMatchObject({ code })
  }
  expect(await stranger('mcpServers.list', { projectId }, true)).toMatchObject({ code: 'project.missing' })
})
