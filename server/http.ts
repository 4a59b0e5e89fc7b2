/**
 * The one HTTP server. It looks at each request first (host, origin, client address) and
 * hands it on: the proxy, the API, sign-in, sockets, health; everything else is a page.
 * What it hands to is put together in `server/main.ts`.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { CLIENT_ADDRESS_HEADER } from '#server/accounts/auth.ts'
import type { Env } from '#server/env.ts'
import { answerHealth, answerMetrics, type Health } from '#server/health.ts'
import { allowedHosts, allowedOrigins, whyNotJson, whyNotSmall, whyRefused, type Refusal } from '#server/http-guards.ts'
import { log } from '#server/log.ts'
import { httpRequests, httpSeconds } from '#server/metrics.ts'
import { refuseUpgrade } from '#server/proxy/upgrade.ts'
import { setPagePolicy, setSecurityHeaders } from '#server/security-headers.ts'
import { SOCKET_PATH } from '#core/links/daemon.ts'

export type Answer = (req: IncomingMessage, res: ServerResponse) => unknown
export type Upgrade = (req: IncomingMessage, socket: Duplex, head: Buffer) => void

/** The parts of the server; null while they are not there yet. */
export type Parts = {
  proxy: Answer | null
  logins: Answer | null
  mcp: Answer | null
  api: Answer | null
  accounts: Answer | null
  joining: Answer | null
  exports: Answer | null
  hooks: Answer | null
  sockets: { answer: Answer; upgrade: Upgrade } | null
  pages: { answer: Answer; upgrade: Upgrade } | null
}

type PartName = keyof Parts | 'health' | 'metrics'

export const noParts = (): Parts => ({
  proxy: null,
  logins: null,
  mcp: null,
  api: null,
  accounts: null,
  joining: null,
  exports: null,
  hooks: null,
  sockets: null,
  pages: null,
})

/** The largest body that we take, over a slow line. */
const REQUEST_TIMEOUT_MS = 150_000

/** Answers 503 for a part that `parts` does not hold yet, so the port is ours from the first moment. */
export function createHttpServer({ env, parts, health }: { env: Env; parts: Parts; health: Health }): Server {
  const guard = { hosts: allowedHosts(env), origins: allowedOrigins(env) }
  const isHttps = env.url.startsWith('https:')

  const server = createServer((req, res) => {
    const part = partOf(req.url ?? '/')
    measure(part, res)
    setSecurityHeaders(res, { isHttps })
    ownHeaders(req)
    void Promise.resolve()
      .then(() => dispatch(part, req, res))
      .catch((error: unknown) => fail(part, res, error))
  })

  function dispatch(part: PartName, req: IncomingMessage, res: ServerResponse): unknown {
    if (part === 'health') return answerHealth(health, res)
    const asked = { method: req.method ?? 'GET', headers: req.headers }
    const refusal = whyRefused(asked, guard) ?? alsoRequired[part]?.(asked)
    if (refusal) return refuse(res, refusal)
    if (part === 'metrics') return answerMetrics(req, res)
    if (part === 'sockets' || part === 'pages') {
      const found = parts[part]
      if (!found) return starting(res)
      if (part === 'pages') setPagePolicy(req, res, env)
      return found.answer(req, res)
    }
    if (part === 'accounts') res.setHeader('cache-control', 'no-store')
    return parts[part] ? parts[part](req, res) : starting(res)
  }

  // One listener: socket.io's path, and for Next its development channel; nothing else upgrades, and the proxy says so.
  server.on('upgrade', (req, socket, head) => {
    const part = partOf(req.url ?? '/')
    const isOurs = part === 'sockets' || (part === 'pages' && env.isDevelopment && req.url?.startsWith('/_next/'))
    const upgrade = part === 'proxy' ? refuseUpgrade : isOurs ? parts[part as 'sockets' | 'pages']?.upgrade : undefined
    if (!upgrade || whyRefused({ method: 'GET', headers: req.headers }, guard)) return void socket.destroy()
    ownHeaders(req)
    upgrade(req, socket, head)
  })

  // For what a client sends, head and body: an answer may stream for as long as a model thinks.
  server.requestTimeout = REQUEST_TIMEOUT_MS
  server.headersTimeout = 30_000
  server.keepAliveTimeout = 60_000
  return server
}

/** What a part does not look at itself. */
const alsoRequired: Partial<Record<PartName, typeof whyNotJson>> = { api: whyNotJson, accounts: whyNotSmall }

const prefixes: readonly (readonly [string, PartName])[] = [
  ['/ai/proxy/', 'proxy'],
  ['/ai/login/', 'logins'],
  ['/mcp/', 'mcp'],
  ['/api/trpc/', 'api'],
  ['/api/auth/', 'accounts'],
  ['/api/nodes/', 'joining'],
  ['/api/chats/', 'exports'],
  ['/hooks/', 'hooks'],
  [`${SOCKET_PATH}/`, 'sockets'],
]

export function partOf(url: string): PartName {
  const path = url.split('?', 1)[0]!
  if (path === '/api/health') return 'health'
  if (path === '/metrics') return 'metrics'
  return prefixes.find(([prefix]) => path.startsWith(prefix) || `${path}/` === prefix)?.[1] ?? 'pages'
}

/** What only we may state. We trust no one in front of us with a client's address, so what they say of it is dropped. */
function ownHeaders(req: IncomingMessage): void {
  for (const name of Object.keys(req.headers)) if (name.startsWith('x-middleware-') || name === 'x-forwarded-host') delete req.headers[name]
  req.headers[CLIENT_ADDRESS_HEADER] = req.socket.remoteAddress ?? '0.0.0.0'
}

function measure(part: PartName, res: ServerResponse): void {
  const seconds = httpSeconds.startTimer({ part })
  res.once('close', () => {
    seconds()
    httpRequests.inc({ part, status: `${Math.floor(res.statusCode / 100)}xx` })
  })
}

const answerJson = (res: ServerResponse, status: number, message: string) =>
  void res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify({ message }))

const refuse = (res: ServerResponse, { status, message }: Refusal) => answerJson(res, status, message)

const starting = (res: ServerResponse) => {
  res.setHeader('retry-after', '2')
  answerJson(res, 503, 'Gatehouse is starting.')
}

function fail(part: PartName, res: ServerResponse, error: unknown): void {
  log.error({ part, err: error }, 'A request failed')
  if (res.headersSent) return void res.destroy()
  answerJson(res, 500, 'Something went wrong here.')
}
