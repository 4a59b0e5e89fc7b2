/** What a run's gateway lets out: tunnels to its login's vendor, the refresh of its own login, and nothing else. */
import { createServer, request, type IncomingHttpHeaders, type Server } from 'node:http'
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openGateway, type Gateway, type GatewayOptions } from '#agent/sandbox/gateway.ts'
import { reachOf } from '#agent/sandbox/reach.ts'

const received: { url: string; method: string; headers: IncomingHttpHeaders; body: string }[] = []
const vendor = createTcpServer((socket) => socket.on('data', (piece) => socket.end(`vendor heard ${String(piece)}`)))
let server: Server
const gateways: Gateway[] = []

const portOf = (listening: { address: () => unknown }): number => (listening.address() as AddressInfo).port
const open = async (options: Partial<GatewayOptions> = {}): Promise<Gateway> => {
  const gateway = await openGateway({
    serverUrl: `http://127.0.0.1:${portOf(server)}`,
    workspaceToken: () => null,
    listen: { on: 'loopback' },
    ...options,
  })
  gateways.push(gateway)
  return gateway
}

beforeAll(async () => {
  server = createServer((incoming, response) => {
    let body = ''
    incoming.on('data', (piece) => (body += String(piece)))
    incoming.on('end', () => {
      received.push({ url: incoming.url!, method: incoming.method!, headers: incoming.headers, body })
      response
        .writeHead(401, { 'content-type': 'application/json', 'x-gatehouse-inner': 'no' })
        .end('{"error":{"code":"refresh_token_reused"}}')
    })
  })
  await Promise.all([server, vendor].map((each) => new Promise<void>((done) => each.listen(0, '127.0.0.1', done))))
})
afterAll(async () => {
  for (const gateway of gateways) await gateway.close()
  server.close()
  vendor.close()
})

describe('a tunnel', () => {
  /** The answer to CONNECT, and what came back through the tunnel. */
  const dial = ({ origin }: Gateway, to: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(Number(new URL(origin).port), '127.0.0.1', () => socket.write(`CONNECT ${to} HTTP/1.1\r\nHost: x\r\n\r\n`))
      let text = ''
      socket.on('data', (piece) => {
        if (text === '' && String(piece).includes(' 200 ')) socket.write('hello')
        text += String(piece)
      })
      socket.on('close', () => resolve(text))
    })

  it('leads to the login’s vendor, and in a test to whoever stands for it', async () => {
    const gateway = await open({ reach: reachOf(['vendor.example:443'], new Map([['vendor.example:443', `127.0.0.1:${portOf(vendor)}`]])) })
    expect(await dial(gateway, 'vendor.example:443')).toMatch(/^HTTP\/1\.1 200 .*vendor heard hello$/s)
    for (const other of ['vendor.example:80', 'sub.vendor.example:443', 'evil.example:443', `127.0.0.1:${portOf(vendor)}`, 'nonsense'])
      expect(await dial(gateway, other)).toMatch(/^HTTP\/1\.1 403 /)
  })

  it('is refused to a run without a login, also where a test stands for a vendor', async () => {
    const gateway = await open({ reach: reachOf([], new Map([['vendor.example:443', `127.0.0.1:${portOf(vendor)}`]])) })
    expect(await dial(gateway, 'vendor.example:443')).toMatch(/^HTTP\/1\.1 403 /)
  })
})

it('has no websocket, and says so: a program then takes the plain way', async () => {
  const gateway = await open({ workspaceToken: () => 'wst_x' })
  const { port, pathname } = new URL(gateway.origin)
  const before = received.length
  const said = await new Promise<string>((resolve) => {
    const lines = [`GET ${pathname}/ai/openai/v1/responses HTTP/1.1`, 'host: x', 'connection: Upgrade', 'upgrade: websocket', '', '']
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(lines.join('\r\n')))
    let text = ''
    socket.on('data', (piece) => (text += String(piece))).on('close', () => resolve(text))
  })
  expect(said).toMatch(/^HTTP\/1\.1 426 [^]*upgrade: HTTP\/1\.1[^]*"message"/)
  expect(received.length).toBe(before)
})

it('calls the tools of the server with what opens them, and nothing that the program shows', async () => {
  let token: string | null = 'mct_x'
  const gateway = await open({ mcp: { serverUrl: `http://127.0.0.1:${portOf(server)}`, token: () => token } })
  const call = (path: string) =>
    fetch(gateway.origin + path, {
      method: 'POST',
      headers: { authorization: 'Bearer forged', cookie: 'a=b', 'mcp-protocol-version': '2025-11-25', 'x-gatehouse-wstoken': 'forged' },
      body: '{}',
    })
  expect((await call('/mcp')).status).toBe(401)
  const { headers, ...rest } = received.at(-1)!
  expect(rest).toEqual({ url: '/mcp', method: 'POST', body: '{}' })
  expect(headers).toMatchObject({ authorization: 'Bearer mct_x', 'mcp-protocol-version': '2025-11-25' })
  for (const name of ['cookie', 'x-gatehouse-wstoken']) expect(headers[name]).toBeUndefined()

  await call('/mcp/own/01890000-0000-7000-8000-000000000009')
  expect(received.at(-1)).toMatchObject({
    url: '/mcp/own/01890000-0000-7000-8000-000000000009',
    headers: { authorization: 'Bearer mct_x' },
  })

  const before = received.length
  for (const path of ['/mcp/', '/mcp/own/1', '/mcp/own/../own', '/mcp?x=1', '/mcp/../api/trpc/projects.list', '/MCP'])
    expect((await call(path)).status).toBe(404)
  token = null
  expect((await call('/mcp')).status).toBe(403)
  expect((await fetch(`${(await open()).origin}/mcp`, { method: 'POST' })).status).toBe(403)
  expect(received.length).toBe(before)
})

describe('the refresh of a login', () => {
  type Asked = { path: string; method?: string; body?: string; headers?: Record<string, string> }
  const ask = (
    { origin }: Gateway,
    { path, method = 'POST', body = '', headers = {} }: Asked,
  ): Promise<{ status: number; text: string; headers: IncomingHttpHeaders }> =>
    new Promise((resolve, reject) => {
      const asking = request(`${origin}${path}`, { method, headers }, (answer) => {
        let text = ''
        answer.on('data', (piece) => (text += String(piece)))
        answer.on('end', () => resolve({ status: answer.statusCode!, text, headers: answer.headers }))
      })
      asking.on('error', reject).end(body)
    })

  it('goes to the server’s broker with its body alone, and brings the answer back', async () => {
    const gateway = await open({ brokeredFormat: () => 'codex' })
    const body = 'grant_type=refresh_token&refresh_token=wsr_x'
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: 'Bearer x',
      cookie: 'a=b',
      'x-gatehouse-wstoken': 'forged',
    }
    const answer = await ask(gateway, { path: '/login/codex/token', body, headers })
    expect(answer).toMatchObject({ status: 401, text: '{"error":{"code":"refresh_token_reused"}}' })
    expect(answer.headers['x-gatehouse-inner']).toBeUndefined()
    const { headers: seen, ...rest } = received.at(-1)!
    expect(rest).toEqual({ url: '/ai/login/codex/token', method: 'POST', body })
    expect(seen['content-type']).toBe('application/x-www-form-urlencoded')
    for (const name of ['authorization', 'cookie', 'x-gatehouse-wstoken']) expect(seen[name]).toBeUndefined()
  })

  it('is refused for another login, another method, too much, and once the run is over', async () => {
    let format: string | null = 'codex'
    const gateway = await open({ brokeredFormat: () => format })
    const before = received.length
    const statuses = [
      await ask(gateway, { path: '/login/claude/token' }),
      await ask(gateway, { path: '/login/codex/token?x=1' }),
      await ask(gateway, { path: '/login/codex/token', method: 'GET' }),
      await ask(gateway, { path: '/login/codex/token', body: 'x'.repeat(100_000) }),
    ].map(({ status }) => status)
    format = null
    statuses.push((await ask(gateway, { path: '/login/codex/token' })).status)
    expect(statuses).toEqual([404, 404, 405, 413, 404])
    expect(received.length).toBe(before)
  })
})
