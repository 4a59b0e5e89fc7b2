import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request, type RequestListener } from 'node:http'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { character } from '#core/testing-text.ts'
import { SENTINEL_KEY } from '#core/connections/sentinel.ts'
import { pool } from '#server/db/client.ts'
import { log } from '#server/log.ts'
import { createProxyHandler, type ProxyHandler } from '#server/proxy/handler.ts'
import { ask, pathOf, question, seedRun, serveOnLoopback, type SeededRun, type Served } from '#server/proxy/testing.ts'
import { drainUsage } from '#server/usage/service.ts'

const KEY = `sk-real-${randomBytes(12).toString('hex')}`
const DIALECT = 'openai-responses'

/** What the upstream does with the next request; the first one looks at the key, when it is connected. */
let upstreamDoes: RequestListener = (_req, res) => res.writeHead(404).end()
let upstream: Served
let proxy: Served
let handler: ProxyHandler
let run: SeededRun
const bodies: Buffer[] = []

beforeAll(async () => {
  upstream = await serveOnLoopback((req, res) => upstreamDoes(req, res))
  process.env['GATEHOUSE_PRIVATE_UPSTREAMS'] = upstream.host
  handler = createProxyHandler()
  proxy = await serveOnLoopback(handler)
  run = await seedRun({ dialect: DIALECT, baseUrl: upstream.origin, key: KEY })
})
afterAll(async () => {
  await drainUsage()
  await proxy.close()
  await handler.close()
  await upstream.close()
})

/** Reads the request, then answers with these chunks, each in a packet of its own. */
const answering =
  (chunks: readonly Buffer[], type = 'text/event-stream'): RequestListener =>
  async (req, res) => {
    const parts: Buffer[] = []
    for await (const part of req) parts.push(part as Buffer)
    bodies.push(Buffer.concat(parts))
    res.writeHead(200, { 'content-type': type })
    for (const chunk of chunks) await new Promise((resolve) => res.write(chunk, resolve))
    res.end()
  }

const last = Buffer.from(
  'event: response.completed\ndata: {"type":"response.completed","response":{"usage":{"input_tokens":1,"output_tokens":1}}}\n\n',
)

it('passes any bytes in both directions as they are', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 2_000 }), { maxLength: 8 }),
      fc.string({ unit: character }),
      async (given, words) => {
        const chunks = [...given.map((chunk) => Buffer.from(chunk)), Buffer.from('\n'), last]
        upstreamDoes = answering(chunks)
        const body = Buffer.from(`  ${JSON.stringify({ ...question(DIALECT), metadata: { words } }, null, 1)}\n`)
        const answer = await ask({ origin: proxy.origin, path: pathOf(DIALECT), token: run.token, body })
        expect(answer.body.equals(Buffer.concat(chunks))).toBe(true)
        expect(bodies.at(-1)!.equals(body)).toBe(true)
      },
    ),
    { numRuns: 40 },
  )
})

it('carries a body of 20 MiB there and an answer of 20 MiB back', async () => {
  const large = randomBytes(15 * 1024 * 1024).toString('base64')
  const answerBody = Buffer.from(JSON.stringify({ output: large, usage: { input_tokens: 5, output_tokens: 6 } }))
  upstreamDoes = answering([answerBody], 'application/json')
  const body = Buffer.from(JSON.stringify({ ...question(DIALECT, { isStream: false }), padding: large }))
  const answer = await ask({ origin: proxy.origin, path: pathOf(DIALECT), token: run.token, body })
  expect(answer.body.equals(answerBody)).toBe(true)
  expect(bodies.at(-1)!.equals(body)).toBe(true)
  await drainUsage()
  const { rows } = await pool().query(
    'select "inputTokens", "outputTokens" from usage_record where "chatId" = $1 order by "startedAt" desc limit 1',
    [run.chatId],
  )
  expect(rows).toEqual([{ inputTokens: 5, outputTokens: 6 }])
})

it('lets a reader who has stopped stop the provider, too', async () => {
  let written = 0
  let isClosed = false
  const chunk = Buffer.from(`data: ${'x'.repeat(64 * 1024)}\n\n`)
  upstreamDoes = (req, res) => {
    req.resume()
    res.on('close', () => (isClosed = true))
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    const pump = () => {
      while (!isClosed && written < 512 * 1024 * 1024) {
        written += chunk.length
        if (!res.write(chunk)) return void res.once('drain', pump)
      }
    }
    pump()
  }
  const body = JSON.stringify(question(DIALECT))
  const { hostname, port } = new URL(proxy.origin)
  const req = request({
    hostname,
    port,
    path: `/ai/proxy/${run.token}/${pathOf(DIALECT)}`,
    method: 'POST',
    headers: { authorization: `Bearer ${SENTINEL_KEY}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
  })
  req.end(body)
  const [res] = (await once(req, 'response')) as [import('node:http').IncomingMessage]
  res.pause()
  let before = -1
  await vi.waitFor(
    () => {
      const isStill = written === before
      before = written
      expect(isStill).toBe(true)
    },
    { interval: 200, timeout: 15_000 },
  )
  expect(written).toBeLessThan(32 * 1024 * 1024)
  req.destroy()
  await vi.waitFor(() => expect(isClosed).toBe(true))
})

it('leaves no planted secret in logs, records or facts', async () => {
  const login = `sk-ant-oat01-${randomBytes(12).toString('hex')}`
  const secretWords = `prompt-${randomBytes(12).toString('hex')}`
  const written: string[] = []
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean(written.push(String(text))))
  const spyOut = vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean(written.push(String(text))))
  const level = log.level
  log.level = 'trace'
  try {
    const secret = await seedRun({ dialect: DIALECT, baseUrl: upstream.origin, key: KEY })
    const body = { ...question(DIALECT), instructions: secretWords }
    const at = (more: Partial<Parameters<typeof ask>[0]> = {}) =>
      ask({ origin: proxy.origin, path: pathOf(DIALECT), token: secret.token, body, ...more })
    const answers = []
    upstreamDoes = answering([last])
    answers.push(await at())
    answers.push(await at({ headers: { authorization: `Bearer ${login}` } }))
    answers.push(await at({ path: 'openai/v1/nothing' }))
    answers.push(await at({ body: `{"model":"${secretWords}` }))
    upstreamDoes = (_req, res) =>
      res
        .writeHead(500, { 'content-type': 'application/json', 'x-request-id': KEY })
        .end(JSON.stringify({ error: { message: `key ${KEY}` } }))
    answers.push(await at())
    upstreamDoes = (_req, res) => res.writeHead(500, { 'content-type': 'text/plain' }).end(`key ${KEY} of ${encodeURIComponent(KEY)}`)
    answers.push(await at())
    upstreamDoes = (_req, res) =>
      res.writeHead(200, { 'content-type': 'text/event-stream' }).end(`data: {"type":"error","message":"key ${KEY}"}\n\n`)
    await at() // passes: what a provider streams is not ours to change
    upstreamDoes = (req) => req.socket.destroy()
    answers.push(await at())
    upstreamDoes = (_req, res) =>
      res.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { message: `Incorrect: ${KEY}` } }))
    answers.push(await at())
    log.error({ err: new Error(`at /ai/proxy/${secret.token}/x`) }, 'a careless line')
    await drainUsage()
    const { rows } = await pool().query(
      `select (select json_agg(u)::text from usage_record u where "chatId" = $1) as records, (select json_agg(e)::text from chat_event e where "chatId" = $1) as facts`,
      [secret.chatId],
    )
    expect(rows[0].facts).toContain('model.failed')
    const everything = JSON.stringify([written, rows, answers.map(({ headers, text }) => [headers, text])])
    expect([KEY, secret.token, login, secretWords].map((planted) => everything.split(planted).length - 1)).toEqual([0, 0, 0, 0])
  } finally {
    log.level = level
    spy.mockRestore()
    spyOut.mockRestore()
  }
})
