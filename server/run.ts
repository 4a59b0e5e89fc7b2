/**
 * Puts the server together and takes it apart again, whole or half started.
 * Next: `server/http.ts` for what a request meets, `server/local-daemon.ts` for the daemon.
 */
import type { Server } from 'node:http'
import { toNodeHandler } from 'better-auth/node'
import { auth, openAuth, sessionSecret } from '#server/accounts/auth.ts'
import { renewSetupCode } from '#server/accounts/setup-service.ts'
import { startAnchoring } from '#server/audit/anchor.ts'
import type { KeptChild } from '#server/child.ts'
import { say } from '#server/console.ts'
import { startRotation } from '#server/connections/rotation.ts'
import { pool } from '#server/db/client.ts'
import { compactRegularly } from '#server/chats/compaction.ts'
import { checkLogsDaily } from '#server/chats/log-check.ts'
import { startProjecting } from '#server/chats/projection.ts'
import { foldHistoriesRegularly } from '#server/chats/retention.ts'
import { openServerDatabase, type ReadyDatabase } from '#server/db/open.ts'
import type { Env } from '#server/env.ts'
import { Health } from '#server/health.ts'
import { lockHome, prepareHome } from '#server/home.ts'
import { allowedOrigins } from '#server/http-guards.ts'
import { startLocalDaemon, startProxyProcess } from '#server/local-daemon.ts'
import { drainIngest } from '#server/daemons/ingest.ts'
import { attachDaemons } from '#server/daemons/gateway.ts'
import { sweepRemovedRegularly } from '#server/connections/undo-service.ts'
import { answerJoin } from '#server/daemons/join-handler.ts'
import { endWorkOfMember } from '#server/daemons/service.ts'
import { createHttpServer, noParts, type Parts } from '#server/http.ts'
import { log } from '#server/log.ts'
import { createLoginHandler, type LoginHandler } from '#server/logins/handler.ts'
import { createMcpPart, type McpHandler } from '#server/mcp/handler.ts'
import { createProxyHandler, type ProxyHandler } from '#server/proxy/handler.ts'
import { startLedger } from '#server/usage/service.ts'
import { startQuestionDesk } from '#server/chats/question-desk.ts'
import { createExportHandler } from '#server/chats/export.ts'
import { identifyRequest } from '#server/trpc/context.ts'
import { joinBus, hintMembership, leaveBus } from '#server/realtime/bus.ts'
import { attachRealtime } from '#server/realtime/gateway.ts'
import { startIndexing } from '#server/search/indexer.ts'
import { openSockets, type Sockets } from '#server/sockets.ts'
import { StartError } from '#server/start-error.ts'
import { startTaskDesk } from '#server/tasks/desk.ts'
import { createHookHandler } from '#server/tasks/hook-handler.ts'
import { onMemberRemoved } from '#server/teams/service.ts'
import { createApiHandler } from '#server/trpc/http-handler.ts'
import { openPageCaller } from '#server/trpc/pages.ts'

/** Answers that still stream are cut after this. */
const DRAIN_MS = 15_000

export type Pages = NonNullable<Parts['pages']> & { close(): Promise<void> }
/** Tests may do without pages or without the daemon. */
export type RunOptions = { env: Env; openPages: ((env: Env) => Promise<Pages>) | null; withDaemon: boolean }

export class RunningServer {
  readonly #options: RunOptions
  readonly #parts = noParts()
  readonly #health = new Health()
  readonly #starting: Promise<void>
  #stopped: Promise<void> | null = null
  // What is open, in the order of opening.
  #http: Server | null = null
  #unlock: (() => void) | null = null
  #pages: Promise<Pages> | null = null
  #database: ReadyDatabase | null = null
  #sockets: Sockets | null = null
  #detach: (() => unknown)[] = []
  #proxy: ProxyHandler | null = null
  #logins: LoginHandler | null = null
  #mcp: McpHandler | null = null
  #daemon: KeptChild | null = null
  #proxyProcess: KeptChild | null = null
  /** What works in the background on the database; stopped just before that goes. */
  #workers: (() => Promise<void>)[] = []

  constructor(options: RunOptions) {
    this.#options = options
    this.#starting = this.#start()
    this.#starting.catch(() => {})
  }

  /** Rejects when the start failed, with everything closed again; a `StartError` is for a person to mend. */
  async ready(): Promise<void> {
    try {
      await this.#starting
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** Resolves when nothing of ours runs any more. Ends a start that is under way at its next step. */
  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop())
  }

  /** Cuts short what `stop` waits for. */
  hurry(): void {
    this.#http?.closeAllConnections()
    this.#daemon?.kill()
  }

  async #start(): Promise<void> {
    const { env } = this.#options
    prepareHome(env.home)
    this.#http = createHttpServer({ env, parts: this.#parts, health: this.#health })
    // First of all, so that a port in use is found before anything is touched.
    await listen(this.#http, env)
    this.#unlock = lockHome(env.home)
    this.#pages = this.#options.openPages?.(env) ?? null
    this.#pages?.catch(() => {})
    this.#goOn()
    this.#database = await openServerDatabase(env, () => this.#goOn())
    this.#goOn()
    this.#workers.push(await startAnchoring(env.home), startRotation(env), compactRegularly(), checkLogsDaily())
    if (env.keepEventsDays !== null) this.#workers.push(foldHistoriesRegularly({ keepDays: env.keepEventsDays }))
    this.#openApi(env)
    await this.#openSockets(env, this.#database)
    if (this.#options.withDaemon) await this.#startDaemon(env)
    this.#parts.pages = await this.#pages
    this.#goOn()
    await greet(env)
    // Last of all: whoever waits for it may take anything away from then on.
    this.#health.up()
  }

  #openApi(env: Env): void {
    this.#health.add('database', async () => (await pool().query('select 1')).rowCount === 1)
    openAuth({ ...env, secret: sessionSecret(env), trustedOrigins: [...allowedOrigins(env)] })
    openPageCaller()
    onMemberRemoved(endWorkOfMember)
    onMemberRemoved(async (_tx, removed) => () => hintMembership(removed))
    this.#parts.accounts = toNodeHandler(auth())
    this.#parts.api = createApiHandler(env)
    this.#parts.joining = answerJoin
    this.#parts.exports = createExportHandler(identifyRequest)
    this.#parts.hooks = createHookHandler()
  }

  async #openSockets(env: Env, { url }: ReadyDatabase): Promise<void> {
    joinBus({ databaseUrl: url, redisUrl: env.redisUrl })
    this.#workers.push(await startLedger())
    this.#proxy = createProxyHandler()
    this.#parts.proxy = this.#proxy
    this.#logins = createLoginHandler()
    this.#parts.logins = this.#logins
    this.#mcp = createMcpPart({ origins: allowedOrigins(env) })
    this.#parts.mcp = this.#mcp
    if (env.proxyPort !== null) this.#proxyProcess = await startProxyProcess(env, url)
    this.#workers.push(startIndexing(), startProjecting(), startQuestionDesk(), startTaskDesk())
    this.#sockets = openSockets(env)
    this.#detach = [attachRealtime(this.#sockets.io), attachDaemons(this.#sockets.io), sweepRemovedRegularly()]
    this.#parts.sockets = this.#sockets
  }

  async #startDaemon(env: Env): Promise<void> {
    const { child, isLinked } = await startLocalDaemon(env)
    this.#daemon = child
    this.#health.add('daemon', isLinked)
  }

  #goOn(): void {
    if (this.#stopped) throw new StartError('The start was interrupted.')
  }

  async #stop(): Promise<void> {
    this.#health.drain()
    await this.#starting.catch(() => {})
    const drained = this.#http && closed(this.#http)
    // While its socket is still open: it delivers what its agents said last.
    await attempt(() => this.#daemon?.stop())
    for (const detach of this.#detach) await attempt(detach)
    this.#http?.closeIdleConnections()
    const impatient = setTimeout(() => this.#http?.closeAllConnections(), DRAIN_MS)
    await attempt(() => drained)
    clearTimeout(impatient)
    await attempt(() => this.#proxy?.close())
    await attempt(() => this.#logins?.close())
    await attempt(() => this.#mcp?.close())
    await attempt(() => this.#proxyProcess?.stop())
    await attempt(() => this.#sockets?.close())
    // What was taken in is stored before the database goes.
    await attempt(drainIngest)
    for (const stopWorker of this.#workers.toReversed()) await attempt(stopWorker)
    await attempt(leaveBus)
    await attempt(async () => (await this.#pages)?.close())
    await attempt(() => this.#database?.close())
    this.#unlock?.()
  }
}

/** One part that does not close must not keep the others, above all the database, from closing. */
async function attempt(close: () => unknown): Promise<void> {
  try {
    await close()
  } catch (error) {
    log.error({ err: error }, 'A part of the server did not close')
  }
}

const closed = (http: Server) => new Promise<void>((resolve) => http.close(() => resolve()))

function listen(http: Server, { host, port }: Env): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, { host, port })))
    http.listen({ host, port }, () => resolve())
  })
}

function explain(error: NodeJS.ErrnoException, { host, port }: { host: string; port: number }): Error {
  if (error.code === 'EADDRINUSE')
    return new StartError(`Port ${port} on ${host} is in use: stop the program that has it, or set PORT to another one.`)
  if (error.code === 'EACCES') return new StartError(`Port ${port} may not be used by this user: set PORT to one above 1023.`)
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return new StartError(`This machine has no address ${host}: correct HOST.`)
  return error
}

async function greet({ url }: Env): Promise<void> {
  say(`Gatehouse runs at ${url}`)
  const code = await renewSetupCode()
  if (code) say(`Nobody owns it yet. This link creates the owner and the first team, once, within a day:\n${url}/setup?code=${code}`)
}
