/** Requests that are not sent yet when their run may spend no more. What is under way already: `handler.db.test.ts`. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { setBudget, listBudgets } from '#server/budgets/service.ts'
import { keepPurse } from '#server/budgets/spending.ts'
import { createUpstream, type Upstream } from '#server/budgets/testing.ts'
import { pool, prisma } from '#server/db/client.ts'
import { createProxyHandler, type ProxyHandler } from '#server/proxy/handler.ts'
import { recheckRuns } from '#server/proxy/kept-runs.ts'
import { rawClient, requestHead } from '#server/proxy/testing-sockets.ts'
import { ask, pathOf, question, seedRun, serveOnLoopback, type SeededRun, type Served } from '#server/proxy/testing.ts'
import { drainUsage, readRecords } from '#server/usage/service.ts'

const dialect = 'openai-chat'
const path = pathOf(dialect)
const body = { ...question(dialect, { isStream: false }), max_completion_tokens: 1_000 }

let upstream: Upstream
let handler: ProxyHandler
let proxy: Served
let stopPurse: () => Promise<void>

beforeAll(async () => {
  upstream = await createUpstream()
  process.env['GATEHOUSE_PRIVATE_UPSTREAMS'] = upstream.host
  stopPurse = keepPurse()
  handler = createProxyHandler({ limits: { perRun: 2 } })
  proxy = await serveOnLoopback(handler)
})
afterAll(async () => {
  await proxy.close()
  await handler.close()
  await drainUsage()
  await stopPurse()
  await upstream.close()
})

const seed = () => seedRun({ dialect, baseUrl: upstream.origin, key: 'sk-real-revoked-0123456789' })
const send = (run: SeededRun) => ask({ origin: proxy.origin, path, token: run.token, body })
const endOf = async ({ runId }: SeededRun) => {
  await prisma().run.update({ where: { id: runId }, data: { endedAt: new Date() } })
  await recheckRuns()
}
const recordsOf = async ({ scope, chatId }: SeededRun) => {
  await drainUsage()
  return readRecords(scope, { chatId, limit: 5 })
}

/** Both places of the run are taken: so far have its requests come. */
const bothUnderWay = (run: SeededRun) =>
  vi.waitFor(async () => {
    const answer = await ask({ origin: proxy.origin, path, token: run.token, body: question(dialect, { model: 'no-such-model' }) })
    expect(answer.status).toBe(429)
  })
const refused = { outcome: 'refused', status: 401, source: 'none', costMicros: null }

it('are not sent when their body comes afterwards', async () => {
  const run = await seed()
  const before = upstream.arrivals()
  const bytes = JSON.stringify(body)
  const head = requestHead(`/ai/proxy/${run.token}/${path}`, { length: bytes.length, more: ['connection: close'] })
  const clients = [1, 2].map(() => rawClient(proxy.origin))
  for (const { socket } of clients) socket.write(head + bytes.slice(0, 10))
  await bothUnderWay(run)
  await endOf(run)
  for (const { socket } of clients) socket.write(bytes.slice(10))
  for (const { closed, said } of clients) {
    await closed
    expect(said().toString()).toMatch(/^HTTP\/1.1 401 [^]*x-should-retry: false[^]*"code":"gatehouse.run-ended"/)
  }
  expect(upstream.arrivals()).toBe(before)
  expect((await recordsOf(run)).filter(({ status }) => status === 401)).toMatchObject([refused, refused])
})

it('are not sent when a budget gets free for them afterwards, and leave nothing reserved', async () => {
  const run = await seed()
  // Enough for one at its worst.
  await setBudget(run.scope, { scope: { is: 'team' }, period: 'day', limitMicros: 15_000 })
  const { arrived, open } = upstream.holdNext()
  const first = send(run)
  await arrived
  const before = upstream.arrivals()
  const waiting = send(run)
  await bothUnderWay(run)
  await endOf(run)
  open()
  for (const answer of await Promise.all([first, waiting]))
    expect([answer.status, answer.text]).toEqual([401, expect.stringContaining('has ended')])
  expect(upstream.arrivals()).toBe(before)
  expect((await recordsOf(run)).filter(({ status }) => status === 401)).toMatchObject([refused])
  const settled = await pool().query('select "budgetMicros"::int from usage_record where "chatId" = $1 and status = 401', [run.chatId])
  expect(settled.rows).toEqual([{ budgetMicros: 0 }])
  await stopPurse()
  stopPurse = keepPurse()
  expect((await listBudgets(run.scope)).budgets[0]!.reservedMicros).toBe(0)
})
