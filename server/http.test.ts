import { once } from 'node:events'
import { request, type IncomingHttpHeaders, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readEnv } from '#server/env.ts'
import { Health } from '#server/health.ts'
import { createHttpServer, noParts, partOf } from '#server/http.ts'

let server: Server
let port: number
const parts = noParts()
const health = new Health()

beforeEach(async () => {
  // The guard knows hosts by their port, so the port is chosen first.
  const probe = createHttpServer({ env: readEnv({}), parts, health }).listen(0, '127.0.0.1')
  await once(probe, 'listening')
  port = (probe.address() as AddressInfo).port
  await new Promise((resolve) => probe.close(resolve))
  server = createHttpServer({ env: readEnv({ PORT: String(port) }), parts, health }).listen(port, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  Object.assign(parts, noParts())
})

type Answer = { status: number; headers: IncomingHttpHeaders; text: string }

function get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers }, (res) => {
      let text = ''
      res.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      res.on('end', () => resolve({ status: res.statusCode!, headers: res.headers, text }))
    })
      .on('error', reject)
      .end()
  })
}

it.each([
  ['/', 'pages'],
  ['/api/healthy', 'pages'],
  ['/api/health?x=1', 'health'],
  ['/metrics', 'metrics'],
  ['/api/trpc/me.get?batch=1', 'api'],
  ['/api/trpcs', 'pages'],
  ['/api/auth/sign-in/email', 'accounts'],
  ['/api/chats/x/export.md', 'exports'],
  ['/api/nodes/join', 'joining'],
  ['/api/socket/?EIO=4', 'sockets'],
  ['/api/socket', 'sockets'],
  ['/ai/proxy/wst_x/openai/v1/responses', 'proxy'],
  ['/ai/login/codex/token', 'logins'],
])('%s is answered by %s', (url, part) => {
  expect(partOf(url)).toBe(part)
})

it('waits for ever for no request, neither its head nor its body', () => {
  expect(server.headersTimeout).toBeGreaterThan(0)
  expect(server.requestTimeout).toBeGreaterThan(server.headersTimeout)
})

it('says that it is starting until a part is there', async () => {
  for (const path of ['/', '/api/trpc/me.get', '/api/auth/get-session', '/ai/proxy/x/y', '/ai/login/codex/token', '/api/socket/']) {
    const { status, headers } = await get(path)
    expect([status, headers['retry-after']]).toEqual([503, '2'])
  }
  expect(await get('/api/health')).toMatchObject({ status: 503, text: '{"isReady":false,"state":"starting","checks":{}}' })
})

it('is healthy when every check is, and not when one fails or throws', async () => {
  const own = new Health()
  let isLinked = false
  own.add('database', () => Promise.reject(new Error('gone')))
  own.add('daemon', () => isLinked)
  own.up()
  expect(await own.read()).toEqual({ isReady: false, state: 'up', checks: { database: false, daemon: false } })
  own.add('database', async () => true)
  isLinked = true
  expect(await own.read()).toEqual({ isReady: true, state: 'up', checks: { database: true, daemon: true } })
  own.drain()
  expect(await own.read()).toEqual({ isReady: false, state: 'draining', checks: {} })
})

it('gives each page a nonce of its own, and believes nothing that a client says of it or of its address', async () => {
  parts.pages = { answer: (req, res) => res.end(JSON.stringify(req.headers)), upgrade: (_req, socket) => socket.destroy() }
  const forged = {
    'x-nonce': 'mine',
    'content-security-policy': "script-src 'nonce-mine'",
    'x-client-ip': '192.0.2.1',
    'x-forwarded-host': 'evil.example',
  }
  const answers = [await get('/', forged), await get('/', forged)]
  const nonces = answers.map(({ headers, text }) => {
    const seen = JSON.parse(text) as Record<string, string>
    expect(seen['content-security-policy']).toBe(headers['content-security-policy'])
    expect(headers['content-security-policy']).toContain(`script-src 'self' 'nonce-${seen['x-nonce']}' 'strict-dynamic';`)
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(seen['x-client-ip']).toBe('127.0.0.1')
    expect(seen['x-forwarded-host']).toBe(undefined)
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY' })
    return seen['x-nonce']
  })
  expect(new Set([...nonces, 'mine']).size).toBe(3)
})

it('answers under its own names only', async () => {
  parts.pages = { answer: (_req, res) => res.end('page'), upgrade: (_req, socket) => socket.destroy() }
  expect((await get('/', { host: `localhost:${port}` })).status).toBe(200)
  expect((await get('/', { host: `rebound.example:${port}` })).status).toBe(400)
})

it('hides a failure of a part', async () => {
  parts.pages = {
    answer: () => {
      throw new Error('a secret of ours')
    },
    upgrade: (_req, socket) => socket.destroy(),
  }
  expect(await get('/')).toMatchObject({ status: 500, text: '{"message":"Something went wrong here."}' })
})

it('shows its metrics to this machine, and not through somebody in front of it', async () => {
  expect((await get('/metrics')).text).toContain('gatehouse_http_requests_total')
  for (const name of ['x-forwarded-for', 'x-real-ip', 'forwarded', 'via'])
    expect((await get('/metrics', { [name]: '192.0.2.1' })).status).toBe(404)
})

it('lets nobody fill the memory through sign-in', async () => {
  parts.accounts = (_req, res) => res.end('read')
  const post = async (body: string | ReadableStream) =>
    (await fetch(`http://127.0.0.1:${port}/api/auth/sign-in/email`, { method: 'POST', body, duplex: 'half' } as RequestInit)).status
  expect(await post('{}')).toBe(200)
  expect(await post('x'.repeat(100_000))).toBe(413)
  expect(await post(new Blob(['{}']).stream())).toBe(411)
})

it('upgrades nothing but its sockets', async () => {
  const upgraded: string[] = []
  const refuse = { answer: () => null, upgrade: () => null }
  parts.pages = refuse
  parts.sockets = { ...refuse, upgrade: (req, socket) => (upgraded.push(req.url!), socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n')) }
  const ask = async (path: string, host = `127.0.0.1:${port}`) => {
    const socket = connect(port, '127.0.0.1').setEncoding('utf8')
    let said = ''
    socket.on('data', (text: string) => (said += text))
    socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`)
    await once(socket, 'close')
    return said.split('\r\n')[0]
  }
  expect(await ask('/api/socket/?EIO=4')).toBe('HTTP/1.1 101 Switching Protocols')
  expect(await ask('/_next/hmr')).toBe('')
  expect(await ask('/')).toBe('')
  expect(await ask('/ai/proxy/-/openai/v1/responses')).toBe('HTTP/1.1 426 Upgrade Required')
  expect(await ask('/ai/proxy/-/openai/v1/responses', 'rebound.example')).toBe('')
  expect(await ask('/api/socket/?EIO=4', 'rebound.example')).toBe('')
  expect(upgraded).toEqual(['/api/socket/?EIO=4'])
})
