/** Our MCP server as an agent in its sandbox reaches it: handed over before the session, also before one that is resumed, without a secret inside. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fakeServer, type FakeServer } from '#agent/testing/fake-server.ts'
import { openWorld, type World } from '#agent/testing/world.ts'

const token = `mct_${'t'.repeat(43)}`
const received: { headers: IncomingHttpHeaders; message: { method: string; params?: unknown } }[] = []
let mcp: Server
let world: World

/** Answers as a server of last year does: the call as a stream of events, the rest as JSON. */
beforeAll(async () => {
  mcp = createServer((request, response) => {
    let body = ''
    request.on('data', (piece) => (body += String(piece)))
    request.on('end', () => {
      const message = JSON.parse(body) as { id?: number; method: string; params?: { protocolVersion?: string } }
      received.push({ headers: request.headers, message })
      if (request.headers.authorization !== `Bearer ${token}` || request.url !== '/mcp') return void response.writeHead(401).end('{}')
      if (message.id === undefined) return void response.writeHead(202).end()
      const result =
        message.method === 'initialize'
          ? { protocolVersion: message.params!.protocolVersion, capabilities: {}, serverInfo: { name: 'fake', version: '1' } }
          : { content: [{ type: 'text', text: 'the nonce is 4711' }] }
      const answer = JSON.stringify({ jsonrpc: '2.0', id: message.id, result })
      if (message.method === 'initialize')
        return void response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 'session-1' }).end(answer)
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(`: a comment\n\nevent: message\ndata: ${answer}\n\n`)
    })
  })
  await new Promise<void>((resolve) => mcp.listen(0, '127.0.0.1', resolve))
  world = await openWorld({ serverUrl: `http://127.0.0.1:${(mcp.address() as AddressInfo).port}` })
}, 120_000)
afterAll(async () => {
  await world.end()
  mcp.close()
}, 60_000)

const replyOf = (server: FakeServer): string =>
  server
    .facts()
    .flatMap((fact) => (fact.type === 'reply.appended' ? [fact.text] : []))
    .join('')

describe('an agent that takes MCP servers as programs', { timeout: 60_000 }, () => {
  it('calls a tool through our bridge, in a new session and in one that is resumed', async () => {
    const server = fakeServer(() => ({ mcpToken: token, mcpServers: [{ name: 'gatehouse', serverId: null }] }))
    const first = server.request('call-tool project_members {"limit":3}')
    const runner = world.begin(server, { idleStopMs: 1 })
    await server.ended(first)
    expect(replyOf(server)).toBe('gatehouse.project_members: the nonce is 4711 ')
    expect(received.map(({ message }) => message.method)).toEqual(['initialize', 'notifications/initialized', 'tools/call'])
    expect(received[2]!.message.params).toEqual({ name: 'project_members', arguments: { limit: 3 } })
    expect(received[2]!.headers).toMatchObject({ 'mcp-protocol-version': '2025-06-18', 'mcp-session-id': 'session-1' })

    await runner.over
    const second = server.request('call-tool project_members')
    world.begin(server)
    await server.ended(second)
    expect(server.facts().flatMap((fact) => (fact.type === 'run.started' ? [fact.how] : []))).toEqual(['new', 'resumed'])
    expect(replyOf(server)).toBe('gatehouse.project_members: the nonce is 4711 gatehouse.project_members: the nonce is 4711 ')
  })

  it('finds no token inside: not in its environment, nor in a command line, nor in a file', async () => {
    const server = fakeServer(() => ({ mcpToken: token, mcpServers: [{ name: 'gatehouse', serverId: null }] }))
    // In brackets, so that the command does not find itself.
    const turn = server.request(
      'run cat /proc/*/environ /proc/*/cmdline /home/agent/* 2>/dev/null | tr "\\0" "\\n" | grep -c -e "[m]ct_t" -e "[B]earer"',
    )
    world.begin(server)
    await server.ended(turn)
    expect(replyOf(server).trim()).toBe('0')
  })

  it('has no server where the project has its tools off', async () => {
    const server = fakeServer(() => ({}))
    const turn = server.request('call-tool project_members')
    world.begin(server)
    await server.ended(turn)
    expect(replyOf(server)).toBe('no MCP server as a program ')
  })
})
