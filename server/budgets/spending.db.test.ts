/** Budgets at the proxy: requests of real handlers, several on one database, that reserve, wait, pass and are refused. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ProxiedDialect } from '#core/links/proxy-routes.ts'
import { createUpstream, type Upstream } from '#server/budgets/testing.ts'
import { listBudgets, removeBudget, setBudget } from '#server/budgets/service.ts'
import { keepPurse } from '#server/budgets/spending.ts'
import { databaseUrl, pool } from '#server/db/client.ts'
import { createProxyHandler, type ProxyHandler } from '#server/proxy/handler.ts'
import { ask, pathOf, question, seedRun, serveOnLoopback, type SeededRun, type Served } from '#server/proxy/testing.ts'
import { drainUsage, readRecords } from '#server/usage/service.ts'

const KEY = 'sk-real-budget-0123456789'
const dialects: readonly ProxiedDialect[] = ['anthropic-messages', 'openai-chat', 'openai-responses']

let upstream: Upstream
let handler: ProxyHandler
let proxy: Served
let stopPurse: () => Promise<void>

beforeAll(async () => {
  upstream = await createUpstream()
  process.env['GATEHOUSE_PRIVATE_UPSTREAMS'] = upstream.host
  stopPurse = keepPurse()
  handler = createProxyHandler()
  proxy = await serveOnLoopback(handler)
})
afterAll(async () => {
  await proxy.close()
  await handler.close()
  await drainUsage()
  await stopPurse()
  await upstream.close()
})

const seed = (dialect: ProxiedDialect) => seedRun({ dialect, baseUrl: upstream.origin, key: KEY })
/** Of both models: at most 1,000 tokens of output are about twenty thousandths of a dollar. */
const limits: Record<ProxiedDialect, Record<string, unknown>> = {
  'anthropic-messages': { max_tokens: 1_000 },
  'openai-chat': { max_completion_tokens: 1_000 },
  'openai-responses': { max_output_tokens: 1_000 },
  'gemini-generate': { generationConfig: { maxOutputTokens: 1_000 } },
}
const body = (dialect: ProxiedDialect) => ({ ...question(dialect, { isStream: false }), ...limits[dialect] })
const send = (run: SeededRun, dialect: ProxiedDialect, origin = proxy.origin) =>
  ask({ origin, path: pathOf(dialect, { isStream: false }), token: run.token, body: body(dialect) })
/** The refusal, as a client of the dialect reads it. */
const refusal: Record<ProxiedDialect, (message: unknown) => unknown> = {
  'anthropic-messages': (message) => ({ type: 'error', error: { type: 'permission_error', message } }),
  'openai-chat': (message) => ({ error: { type: 'permission_error', param: null, code: 'budget.exhausted', message } }),
  'openai-responses': (message) => ({ error: { type: 'permission_error', param: null, code: 'budget.exhausted', message } }),
  'gemini-generate': (message) => ({ error: { code: 403, status: 'PERMISSION_DENIED', message } }),
}
const teamDay = (run: SeededRun, limitMicros: number) => setBudget(run.scope, { scope: { is: 'team' }, period: 'day', limitMicros })
const budgetOf = async (run: SeededRun) => (await listBudgets(run.scope)).budgets[0]!

describe.each(dialects)('%s', (dialect) => {
  it('says in the caller’s words which budget is spent, tells the chat, and asks nobody', async () => {
    const run = await seed(dialect)
    await setBudget(run.scope, { scope: { is: 'member', userId: run.scope.userId }, period: 'month', limitMicros: 0 })
    const before = upstream.arrivals()
    const answer = await send(run, dialect)
    expect([answer.status, answer.headers['x-should-retry']]).toEqual([403, 'false'])
    const sentence =
      /^The budget of whoever sent this prompt of \$0\.00 for this month is spent\. It starts anew on 1 \w+ at 00:00 UTC, or an admin can raise it\.$/
    const said = JSON.parse(answer.text)
    expect(said).toEqual(refusal[dialect](expect.stringMatching(sentence)))
    expect(upstream.arrivals()).toBe(before)
    await drainUsage()
    expect(await readRecords(run.scope, { chatId: run.chatId, limit: 5 })).toMatchObject([
      { outcome: 'refused', status: 403, source: 'none' },
    ])
    const { rows } = await pool().query('select type, payload from chat_event where "chatId" = $1', [run.chatId])
    expect(rows).toMatchObject([
      {
        type: 'model.failed',
        payload: {
          turnId: run.turnId,
          code: 'budget.exhausted',
          detail: said.error.message,
          facts: { scope: 'member', period: 'month', limitMicros: 0, endsAt: expect.any(String) },
        },
      },
    ])
  })

  it('counts what the answer reported, once it is there', async () => {
    const run = await seed(dialect)
    await teamDay(run, 10_000_000)
    expect((await send(run, dialect)).status).toBe(200)
    await drainUsage()
    const [record] = await readRecords(run.scope, { chatId: run.chatId, limit: 5 })
    expect(record!.costMicros).toBeGreaterThan(0)
    expect((await budgetOf(run)).spentMicros).toBe(record!.costMicros)
  })
})

it('lets requests that cost nothing through a spent budget', async () => {
  const run = await seed('anthropic-messages')
  await teamDay(run, 0)
  const { max_tokens: _, stream: __, ...counted } = question('anthropic-messages')
  const path = 'anthropic/v1/messages/count_tokens'
  expect((await ask({ origin: proxy.origin, path, token: run.token, body: counted })).status).toBe(200)
})

it('acts at once when a budget is made, raised or removed', async () => {
  const run = await seed('openai-chat')
  const status = async () => {
    const answer = await send(run, 'openai-chat')
    // What it cost counts from here on.
    await drainUsage()
    return answer.status
  }
  expect(await status()).toBe(200)
  const { budgetId } = await teamDay(run, 1)
  expect(await status()).toBe(403)
  await teamDay(run, 10_000_000)
  expect(await status()).toBe(200)
  await teamDay(run, 1)
  expect(await status()).toBe(403)
  await teamDay(run, 10_000_000)
  expect(await status()).toBe(200)
  await removeBudget(run.scope, budgetId)
  expect(await status()).toBe(200)
  // What was lent of it comes back to nothing.
  await stopPurse()
  stopPurse = keepPurse()
  expect((await pool().query('select from budget_ledger where key = $1', [budgetId])).rowCount).toBe(0)
})

it('waits for others that are under way, and lets go of whoever leaves meanwhile', async () => {
  const run = await seed('openai-chat')
  // Enough for one at its worst, and far more than two cost.
  await teamDay(run, 15_000)
  const gate = upstream.holdNext()
  const first = send(run, 'openai-chat')
  await gate.arrived
  const before = upstream.arrivals()
  const leaving = new AbortController()
  const left = fetch(`${proxy.origin}/ai/proxy/${run.token}/${pathOf('openai-chat')}`, {
    method: 'POST',
    body: JSON.stringify(body('openai-chat')),
    headers: { 'content-type': 'application/json' },
    signal: leaving.signal,
  }).then(
    () => 'answered',
    () => 'left',
  )
  const second = send(run, 'openai-chat')
  // Both stand in the queue once a third asks the database in vain.
  await vi.waitFor(async () => expect((await budgetOf(run)).reservedMicros).toBeGreaterThan(10_000))
  leaving.abort()
  expect(await left).toBe('left')
  expect(upstream.arrivals()).toBe(before)
  gate.open()
  expect([(await first).status, (await second).status]).toEqual([200, 200])
  await drainUsage()
  expect(await readRecords(run.scope, { chatId: run.chatId, limit: 5 })).toHaveLength(2)
})

it('lets the last of a budget be used by one request alone', async () => {
  const run = await seed('openai-chat')
  await teamDay(run, 100)
  const answers = await Promise.all([1, 2, 3, 4].map(() => send(run, 'openai-chat')))
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 403, 403, 403])
})

it('is passed by one request at most, however many ask at two servers at once', async () => {
  const run = await seed('openai-chat')
  const other = await secondServer()
  try {
    const limitMicros = 40_000
    const budgetId = (await teamDay(run, limitMicros)).budgetId
    const asked = Array.from({ length: 60 }, (_, at) => send(run, 'openai-chat', at % 2 === 0 ? proxy.origin : other.origin))
    const statuses = (await Promise.all(asked)).map(({ status }) => status)
    await Promise.all([drainUsage(), other.drain()])
    const records = (await readRecords(run.scope, { chatId: run.chatId, limit: 100 })).filter(({ outcome }) => outcome === 'completed')
    const costs = records.map(({ costMicros }) => costMicros!)
    const spent = costs.reduce((sum, each) => sum + each, 0)
    expect(new Set(statuses)).toEqual(new Set([200, 403]))
    expect(records).toHaveLength(statuses.filter((status) => status === 200).length)
    expect((await budgetOf(run)).spentMicros).toBe(spent)
    expect(spent).toBeGreaterThanOrEqual(limitMicros)
    expect(spent - Math.max(...costs)).toBeLessThan(limitMicros)
    await Promise.all([stopPurse(), other.tidy()])
    const { rows } = await pool().query('select lent::int from budget_ledger where key = $1', [budgetId])
    expect(rows).toEqual([{ lent: 0 }])
    expect((await pool().query('select from budget_loan where key = $1', [budgetId])).rowCount).toBe(0)
  } finally {
    await other.close()
    stopPurse = keepPurse()
  }
})

/** Every module a second time: what a second process would have, on the same database. */
async function secondServer() {
  vi.resetModules()
  const [client, proxyModule, usage, spending] = await Promise.all([
    import('#server/db/client.ts'),
    import('#server/proxy/handler.ts'),
    import('#server/usage/service.ts'),
    import('#server/budgets/spending.ts'),
  ])
  await client.openDatabase(databaseUrl())
  const second = proxyModule.createProxyHandler()
  const served = await serveOnLoopback(second)
  const tidy = spending.keepPurse()
  return {
    origin: served.origin,
    drain: () => usage.drainUsage(),
    tidy,
    async close() {
      await served.close()
      await second.close()
      await usage.drainUsage()
      await client.closeDatabase()
    },
  }
}
