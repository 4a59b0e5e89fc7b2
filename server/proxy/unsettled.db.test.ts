import { afterAll, beforeAll, expect, it } from 'vitest'
import { createUpstream, type Upstream } from '#server/budgets/testing.ts'
import { pool } from '#server/db/client.ts'
import { createProxyHandler, type ProxyHandler } from '#server/proxy/handler.ts'
import { ask, pathOf, question, seedRun, serveOnLoopback, type Served } from '#server/proxy/testing.ts'
import { drainUsage, readRecords } from '#server/usage/service.ts'

let upstream: Upstream
let handler: ProxyHandler
let proxy: Served
beforeAll(async () => {
  upstream = await createUpstream()
  process.env['GATEHOUSE_PRIVATE_UPSTREAMS'] = upstream.host
  handler = createProxyHandler({ limits: { unsettled: 1 } })
  proxy = await serveOnLoopback(handler)
})
afterAll(async () => {
  await proxy.close()
  await handler.close()
  await upstream.close()
})

it('begins nothing while the database is slower than its load, and goes on once it has caught up', async () => {
  const run = await seedRun({ dialect: 'openai-chat', baseUrl: upstream.origin, key: 'sk-real-unsettled-0123456789' })
  const send = () =>
    ask({ origin: proxy.origin, path: pathOf('openai-chat'), token: run.token, body: question('openai-chat', { isStream: false }) })
  const gate = upstream.holdNext()
  const first = send()
  await gate.arrived
  const blocking = await pool().connect()
  await blocking.query('begin')
  // Who holds the head of its log keeps the record from being closed.
  await blocking.query('select from chat_head where "chatId" = $1 for update', [run.chatId])
  gate.open()
  expect((await first).status).toBe(200)
  const before = upstream.arrivals()
  const refused = await send()
  expect([refused.status, refused.headers['retry-after'], upstream.arrivals()]).toEqual([503, '1', before])
  await blocking.query('commit')
  blocking.release()
  await drainUsage()
  expect((await send()).status).toBe(200)
  await drainUsage()
  expect(await readRecords(run.scope, { chatId: run.chatId, limit: 5 })).toMatchObject([{ outcome: 'completed' }, { outcome: 'completed' }])
})
