/**
 * The proxy as a process of its own (`GATEHOUSE_PROXY_PORT`): the same handler as in the
 * main server, without the page rendering that would share its event loop. The database is
 * the main server's, migrated by it; `DATABASE_URL` says where.
 */
import { fstatSync } from 'node:fs'
import { createServer } from 'node:http'
import { closeDatabase, openDatabase } from '#server/db/client.ts'
import { env } from '#server/env.ts'
import { log } from '#server/log.ts'
import { createLoginHandler } from '#server/logins/handler.ts'
import { createProxyHandler } from '#server/proxy/handler.ts'
import { refuseUpgrade } from '#server/proxy/upgrade.ts'
import { joinBus, leaveBus } from '#server/realtime/bus.ts'
import { startLedger } from '#server/usage/service.ts'

/** Streams that run when the process is told to go may take this long to end by themselves. */
const DRAIN_MS = 10_000

const { host, proxyPort, databaseUrl, redisUrl } = env()
if (proxyPort === null || databaseUrl === null) {
  log.fatal('GATEHOUSE_PROXY_PORT and DATABASE_URL must be set for a proxy of its own')
  process.exit(1)
}
process.on('unhandledRejection', (error) => log.error({ err: error }, 'A promise failed that nobody waits for'))
await openDatabase(databaseUrl)
joinBus({ databaseUrl, redisUrl })
const stopLedger = await startLedger()
const handle = createProxyHandler()
// Daemons know this process alone as the way of their runs.
const handleLogin = createLoginHandler()
const server = createServer(
  // As in `server/http.ts`: for what a client sends; an answer may stream for as long as a model thinks.
  { keepAliveTimeout: 60_000, requestTimeout: 150_000, headersTimeout: 30_000, maxHeaderSize: 32 * 1024 },
  (req, res) => {
    if (req.url === '/api/health') res.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}')
    else if (req.url?.startsWith('/ai/login/')) handleLogin(req, res)
    else handle(req, res)
  },
)
server.on('upgrade', refuseUpgrade)
server.listen(proxyPort, host, () => log.info({ port: proxyPort }, 'The proxy listens'))

let isStopping = false
async function stop(): Promise<void> {
  if (isStopping) return
  isStopping = true
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, DRAIN_MS).unref())])
  await handle.close()
  await handleLogin.close()
  server.closeAllConnections()
  await stopLedger()
  await leaveBus()
  await closeDatabase()
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop())
// The server that started us holds the other end of this pipe: a proxy without it would keep keys in memory for nobody.
const stdin = fstatSync(0)
if (stdin.isFIFO() || stdin.isSocket())
  process.stdin
    .on('end', () => void stop())
    .on('error', () => void stop())
    .resume()
    .unref()
