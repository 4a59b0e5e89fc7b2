/**
 * A run's only way out, on the daemon's side of its unix socket. The socket is the
 * identity: whoever speaks here is this run, so the workspace token is added here and
 * never enters the sandbox. Model requests go on to the server's proxy
 * (`server/proxy`), calls of our tools to `server/mcp`, the refresh of a brokered login to `server/logins`; CONNECT is for
 * the few hosts of `reach.ts`; all else is refused.
 */
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Agent } from 'undici'
import { MCP_PATH, ownServerOf } from '#core/links/mcp-route.ts'
import { LOGIN_TOKEN_MAX_BYTES, loginTokenPath, serverLoginTokenPath } from '#core/links/login-routes.ts'
import { inside } from '#agent/sandbox/inside.ts'
import { newScratch } from '#agent/sandbox/scratch.ts'
import { addressInReach, nothingInReach, type Reach } from '#agent/sandbox/reach.ts'

export type Gateway = {
  /** The socket to mount into the sandbox; null where there is none and the agent dials loopback. */
  socketPath: string | null
  /** What the agent sees: `${origin}/ai/<segment>` is a base URL. */
  origin: string
  close: () => Promise<void>
}

export type GatewayOptions = {
  serverUrl: string
  /** Read at each request: null once the run has ended or was fenced. */
  workspaceToken: () => string | null
  /** Our MCP server, and by what it knows this run: read at each request, null once the run has ended. */
  mcp?: { serverUrl: string; token: () => string | null }
  reach?: Reach
  /** The format of the login whose refresh the server's broker does; null where there is none. */
  brokeredFormat?: () => string | null
  /** `socket` for a sandbox, whose user must be able to connect; `loopback` without one. */
  listen: { on: 'socket'; uid: number | null } | { on: 'loopback' }
}

/** One pool for all runs; no time limits here, the proxy has them. */
const upstream = new Agent({ allowH2: false, headersTimeout: 0, bodyTimeout: 0, connect: { timeout: 10_000 } })

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'expect',
])

export async function openGateway({
  serverUrl,
  workspaceToken,
  mcp,
  reach = nothingInReach,
  brokeredFormat = () => null,
  listen,
}: GatewayOptions): Promise<Gateway> {
  const origin = new URL(serverUrl).origin
  const handle = listen.on === 'loopback' ? `/${randomBytes(16).toString('hex')}` : ''
  const sockets = new Set<Duplex>()
  const server = createServer({ requestTimeout: 0, headersTimeout: 30_000, keepAliveTimeout: 60_000 }, (request, response) => {
    void answer(request, response).catch(() => refuse(response, 502, 'The Gatehouse server did not answer.'))
  })
  server.on('connection', (socket) => sockets.add(socket.once('close', () => sockets.delete(socket))))
  server.on('upgrade', (_request: IncomingMessage, socket: Duplex) => refuseUpgrade(socket))
  server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => void tunnel(request, socket, head))

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? ''
    if (/^http:\/\//i.test(url)) return forwardPlain(request, response, url)
    const format = brokeredFormat()
    if (format !== null && url === `${handle}${loginTokenPath(format)}`) return refresh(request, response, format)
    const mcpPath = url.slice(handle.length)
    if (url.startsWith(`${handle}${MCP_PATH}`) && (mcpPath === MCP_PATH || ownServerOf(mcpPath) !== null))
      return callTools(request, response, mcpPath)
    if (!url.startsWith(`${handle}/ai/`)) return refuse(response, 404, 'Nothing is here.')
    const path = `/ai/proxy/-/${url.slice(handle.length + '/ai/'.length)}`
    // The server's other paths are not for agents: what normalises to one of them is refused.
    if (!new URL(path, origin).pathname.startsWith('/ai/proxy/-/')) return refuse(response, 404, 'Nothing is here.')
    const token = workspaceToken()
    if (token === null) return refuse(response, 403, 'This run has no proxy.')
    await forward(request, response, { origin, path, added: { 'x-gatehouse-wstoken': token } })
  }

  /** What the program shows as its authority stays behind; only what the protocol needs goes on. */
  async function callTools(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const token = mcp?.token() ?? null
    if (!mcp || token === null) return refuse(response, 403, 'This run has no tools of Gatehouse.')
    for (const name of ['cookie', 'origin']) delete request.headers[name]
    await forward(request, response, { origin: new URL(mcp.serverUrl).origin, path, added: { authorization: `Bearer ${token}` } })
  }

  /** What the program says of itself stays behind: the sentinel in the body is all that the broker needs. */
  async function refresh(request: IncomingMessage, response: ServerResponse, format: string): Promise<void> {
    if (request.method !== 'POST') return refuse(response, 405, 'This is for refreshing a login.')
    const body = await smallBody(request)
    if (body === null) return refuse(response, 413, 'This is no refresh of a login.')
    const type = request.headers['content-type']
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const reply = await upstream.request({
      origin,
      path: serverLoginTokenPath(format),
      method: 'POST',
      body,
      signal: gone.signal,
      headers: { accept: 'application/json', ...(type && { 'content-type': type }) },
    })
    response.writeHead(reply.statusCode, passedHeaders(reply.headers))
    await pipeline(reply.body, response)
  }

  /** Plain http is for cloning from a host that the instance owner named as private. */
  async function forwardPlain(request: IncomingMessage, response: ServerResponse, target: string): Promise<void> {
    const url = URL.parse(target)
    const port = Number(url?.port || 80)
    if (!url || !reach.private.has(`${url.hostname}:${port}`)) return refuse(response, 403, 'This host is not in reach.')
    const found = await addressInReach({ host: url.hostname, port, reach })
    if (!found.ok) return refuse(response, 403, found.reason)
    await forward(request, response, { origin: url.origin, path: url.pathname + url.search, added: { host: url.host } })
  }

  async function tunnel(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    sockets.add(socket.once('close', () => sockets.delete(socket)))
    socket.on('error', () => socket.destroy())
    const url = URL.parse(`tunnel://${request.url ?? ''}`)
    const found = url?.port
      ? await addressInReach({ host: url.hostname, port: Number(url.port), reach })
      : ({ ok: false, reason: 'no host' } as const)
    if (!found.ok) {
      socket.end(`HTTP/1.1 403 ${found.reason}\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    const far = connect({ host: found.address, port: found.port, timeout: 30_000 })
    far.once('connect', () => {
      far.setTimeout(0)
      socket.write('HTTP/1.1 200 Connected\r\n\r\n')
      far.write(head)
      socket.pipe(far)
      far.pipe(socket)
    })
    far.on('timeout', () => far.destroy())
    far.on('error', () => socket.destroy()).on('close', () => socket.destroy())
    socket.on('close', () => far.destroy())
  }

  const address = await listenOn(server, listen)
  return {
    socketPath: address.socketPath,
    origin: address.socketPath ? `http://127.0.0.1:${inside.port}` : `http://127.0.0.1:${address.port}${handle}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
      address.forget()
    },
  }
}

type Listening = { socketPath: string | null; port: number; forget: () => void }

async function listenOn(server: ReturnType<typeof createServer>, listen: GatewayOptions['listen']): Promise<Listening> {
  if (listen.on === 'loopback') {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
    return { socketPath: null, port: (server.address() as AddressInfo).port, forget: () => {} }
  }
  // Shut to everybody but the run's user.
  const folder = newScratch()
  const socketPath = join(folder, 'gateway.sock')
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve))
  chmodSync(socketPath, 0o600)
  if (listen.uid !== null && process.getuid?.() === 0) for (const path of [socketPath, folder]) chownSync(path, listen.uid, listen.uid)
  return { socketPath, port: 0, forget: () => rmSync(folder, { recursive: true, force: true }) }
}

async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { origin, path, added }: { origin: string; path: string; added: Record<string, string> },
): Promise<void> {
  const gone = new AbortController()
  // The agent hung up (a cancel): the proxy, and through it the provider, must learn at once.
  response.once('close', () => gone.abort())
  const method = request.method ?? 'GET'
  const hasBody = method !== 'GET' && method !== 'HEAD'
  try {
    const reply = await upstream.request({
      origin,
      path,
      method: method as 'GET',
      body: hasBody ? request : null,
      signal: gone.signal,
      headers: { ...passedHeaders(request.headers), ...added },
    })
    response.writeHead(reply.statusCode, passedHeaders(reply.headers))
    response.flushHeaders()
    await pipeline(reply.body, response)
  } catch (error) {
    if (gone.signal.aborted) return
    // Half an answer must not look like a whole one.
    if (response.headersSent) response.destroy()
    else throw error
  }
}

/** Null when it is larger than a refresh can be. */
async function smallBody(request: IncomingMessage): Promise<Buffer | null> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > LOGIN_TOKEN_MAX_BYTES) return null
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function passedHeaders(headers: IncomingMessage['headers']): Record<string, string | string[]> {
  const passed: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !HOP_BY_HOP.has(name) && !name.startsWith('x-gatehouse-')) passed[name] = value
  }
  return passed
}

function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) return void response.destroy()
  const body = JSON.stringify({ error: { type: 'gatehouse_gateway', message } })
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(status < 500 && { 'x-should-retry': 'false' }),
  })
  response.end(body)
}

/** Nothing behind here speaks another protocol; whoever hears so takes plain HTTP, as Codex does. */
function refuseUpgrade(socket: Duplex): void {
  const body = JSON.stringify({ error: { type: 'gatehouse_gateway', message: 'Only plain HTTP is served here.' } })
  const head = ['HTTP/1.1 426 Upgrade Required', 'upgrade: HTTP/1.1', 'connection: upgrade, close', 'content-type: application/json']
  socket.on('error', () => socket.destroy())
  socket.end([...head, `content-length: ${Buffer.byteLength(body)}`, 'x-should-retry: false', '', body].join('\r\n'), () =>
    socket.destroy(),
  )
}
