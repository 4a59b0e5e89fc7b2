/** MCP servers that a project brings: added by whoever may, sealed, asked through us by agents alone, guarded. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
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
      if (message?.id === undefined) return void response.writeHead(202).end()
      const answer = (result: object) => json(200, { jsonrpc: '2.0', id: message.id, result }, { 'mcp-session-id': 'session-1' })
      if (message.method === 'initialize') {
        const serverInfo = { name: 'docs', title: 'Docs of ours', version: '1' }
        return void answer({ protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo })
      }
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

async function seedBrought() {
  const admin = await seedTeamScope()
  const projectId = await seedProject(admin)
  const call = await api(admin)
  const added = await call('mcpServers.add', {
    projectId,
    name: 'docs',
    url: `${origin}/mcp`,
    headers: [{ name: 'X-Api-Key', value: SECRET }],
  })
  const run = await seedCallingRun(admin, await seedChat(admin, { projectId }))
  return { admin, projectId, call, serverId: added.data['serverId'] as string, finding: added.data['finding'], run }
}

const ask = (path: string, token: string, message: object, headers: Record<string, string> = {}) =>
  fetch(server.url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: JSON.stringify(message),
  })
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
  const { rows } = await pool().query(`select payload from chat_event where "chatId" = $1 and type = 'mcp.called'`, [run.chatId])
  expect(rows.map((row) => row.payload as object)).toMatchObject([
    { server: 'docs', tool: 'look_up', arguments: 'word: "gate", token: …', outcome: 'completed', turnId: run.turnId },
  ])
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
