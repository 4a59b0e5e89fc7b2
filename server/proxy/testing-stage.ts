/**
 * For hostile tests: the handler on a server as `main.ts` has it, between upstreams that are bare
 * sockets and a run that may spend; with everything that is logged, to be searched for secrets.
 */
import { randomBytes } from 'node:crypto'
import { createServer, type ServerOptions } from 'node:http'
import type { AddressInfo } from 'node:net'
import { vi } from 'vitest'
import type { ProxiedDialect } from '#core/links/proxy-routes.ts'
import { pool } from '#server/db/client.ts'
import { log } from '#server/log.ts'
import { createProxyHandler } from '#server/proxy/handler.ts'
import type { ProxyLimits } from '#server/proxy/limits.ts'
import { chunked, rawClient, rawUpstream, writeEach, type RawUpstream } from '#server/proxy/testing-sockets.ts'
import { ask, pathOf, question, seedRun, type Answer, type Asking, type SeededRun } from '#server/proxy/testing.ts'
import { refuseUpgrade } from '#server/proxy/upgrade.ts'
import { drainUsage } from '#server/usage/service.ts'

export type Stage = {
  readonly key: string
  readonly origin: string
  readonly run: SeededRun
  readonly upstream: RawUpstream
  /** Another that may be called, and that nobody should. */
  readonly elsewhere: RawUpstream
  /** One that answers before it has read. */
  readonly hasty: RawUpstream
  /** The path of the run's own question, and its body. */
  readonly path: string
  readonly body: string
  seed(dialect: ProxiedDialect, baseUrl?: string): Promise<SeededRun>
  send(more?: Partial<Asking>): Promise<Answer>
  /** What these pieces, each in a packet of its own, are answered until the server hangs up. */
  answerTo(...pieces: (string | Buffer)[]): Promise<string>
  newestRecords(limit: number): Promise<Record<string, unknown>[]>
  /** Throws when the key or the run's token stands in anything that was logged since the beginning. */
  assertNothingLogged(): void
  close(): Promise<void>
}

export async function openStage({
  dialect,
  limits = {},
  patience = {},
}: {
  dialect: ProxiedDialect
  limits?: Partial<ProxyLimits>
  patience?: ServerOptions
}): Promise<Stage> {
  const key = `sk-real-${randomBytes(12).toString('hex')}`
  const [upstream, elsewhere, hasty] = await Promise.all([rawUpstream(), rawUpstream(), rawUpstream({ isHasty: true })])
  process.env['GATEHOUSE_PRIVATE_UPSTREAMS'] = [upstream, elsewhere, hasty].map(({ host }) => host).join(',')
  const handler = createProxyHandler({ limits })
  const server = createServer(patience, handler)
  server.on('upgrade', refuseUpgrade)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const seed: Stage['seed'] = (spoken, baseUrl = upstream.origin) => seedRun({ dialect: spoken, baseUrl, key })
  const run = await seed(dialect)
  const written: string[] = []
  const { level } = log
  log.level = 'trace'
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((text) => Boolean(written.push(String(text)))),
  )
  return {
    key,
    origin,
    run,
    upstream,
    elsewhere,
    hasty,
    path: `/ai/proxy/${run.token}/${pathOf(dialect)}`,
    body: JSON.stringify(question(dialect)),
    seed,
    send: (more = {}) => ask({ origin, path: pathOf(dialect), token: run.token, body: question(dialect), ...more }),
    async answerTo(...pieces) {
      const client = rawClient(origin)
      await writeEach(client.socket, pieces)
      await client.closed
      return client.said().toString('utf8')
    },
    async newestRecords(limit) {
      await drainUsage()
      const { rows } = await pool().query(
        `select outcome, status, source, "failureCode", "inputTokens", "outputTokens", "costMicros" from usage_record
         where "chatId" = $1 order by "startedAt" desc, id desc limit $2`,
        [run.chatId, limit],
      )
      return rows
    },
    assertNothingLogged() {
      const text = written.join('')
      if ([key, run.token].some((secret) => text.includes(secret))) throw new Error(`A secret was logged:\n${text}`)
    },
    async close() {
      for (const spy of spies) spy.mockRestore()
      log.level = level
      await drainUsage()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await handler.close()
      await Promise.all([upstream, elsewhere, hasty].map((each) => each.close()))
    },
  }
}

const STREAM_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'

/** An event stream of these bytes, properly framed. */
export const streamOf = (...bodies: (string | Buffer)[]): (string | Buffer)[] => [STREAM_HEAD, ...bodies.map(chunked), '0\r\n\r\n']
/** The same without its end. */
export const openStreamOf = (...bodies: (string | Buffer)[]): (string | Buffer)[] => [STREAM_HEAD, ...bodies.map(chunked)]
