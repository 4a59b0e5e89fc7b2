/**
 * The ledger and kill -9: a real proxy process dies at some moment while many requests are at every stage, and another
 * one finds what it left. What a client has seen a byte of has its record, nothing stays open, nothing is there twice.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { request, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { findHarness } from '#core/harnesses/registry.ts'
import { modelsFor } from '#core/models/catalog.ts'
import { setBudget } from '#server/budgets/service.ts'
import { databaseUrl, pool } from '#server/db/client.ts'
import { closeDead } from '#server/processes/service.ts'
import { pathOf, question, seedRun, serveOnLoopback, type SeededRun, type Served } from '#server/proxy/testing.ts'
import { closeLeftovers } from '#server/usage/ledger.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const KEY = 'sk-real-kill-0123456789'
/** With prices, so that budgets lend for them; each request has one of its own, by which its record is known. */
const MODELS = modelsFor({ harness: findHarness('opencode')!, provider: 'openai', dialect: 'openai-chat' }).map(({ id }) => id)

/** What is counted of each round, to kill the process at some moment of it. */
type Moment = 'arrival' | 'byte' | 'end'
let counted: Record<Moment, number> = { arrival: 0, byte: 0, end: 0 }
let onCount: () => void = () => {}
const count = (moment: Moment) => {
  counted[moment] += 1
  onCount()
}
const reached = (moment: Moment, wanted: number) =>
  new Promise<void>((resolve) => {
    counted = { arrival: 0, byte: 0, end: 0 }
    onCount = () => counted[moment] >= wanted && resolve()
  })

let upstream: Served
let home: string
beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'gatehouse-kill-'))
  // Each answer takes its time between head, words and end, so that a kill meets every stage.
  upstream = await serveOnLoopback((req, res) => void answer(req, res))
  process.env['GATEHOUSE_PRIVATE_UPSTREAMS'] = upstream.host
})
afterAll(async () => {
  await upstream.close()
  rmSync(home, { recursive: true, force: true })
})

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const parts: Buffer[] = []
  for await (const part of req as AsyncIterable<Buffer>) parts.push(part)
  const { model } = JSON.parse(Buffer.concat(parts).toString() || '{}') as { model?: string }
  const at = MODELS.indexOf(model ?? '')
  // Connecting tries the key out.
  if (at < 0) return void res.writeHead(404).end()
  count('arrival')
  await pause((at * 7) % 40)
  res.writeHead(200, { 'content-type': 'text/event-stream' })
  res.flushHeaders()
  for (let word = 0; word < at % 5; word += 1) {
    res.write(`data: {"choices":[{"index":0,"delta":{"content":"word"}}]}\n\n`)
    await pause((at * 3) % 20)
  }
  res.write('data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n')
  res.write('data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}\n\n')
  res.end('data: [DONE]\n\n')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const NAME = 'killed-proxy'

/** A database under this name knows the connections of the process that is killed. */
function namedDatabase(): string {
  const url = new URL(databaseUrl())
  url.searchParams.set('application_name', NAME)
  return url.href
}

const connections = async () => (await pool().query('select from pg_stat_activity where application_name = $1', [NAME])).rowCount

/** What it had sent is written or not by then: a statement goes on for a moment after whoever sent it. */
const untilHungUp = () => vi.waitFor(async () => expect(await connections()).toBe(0), { timeout: 20_000 })

async function startProxy(): Promise<{ child: ChildProcess; port: number }> {
  const port = await freePort()
  const env = {
    PATH: process.env['PATH'],
    GATEHOUSE_HOME: home,
    GATEHOUSE_LOG: 'silent',
    GATEHOUSE_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    GATEHOUSE_PRIVATE_UPSTREAMS: upstream.host,
    GATEHOUSE_PROXY_PORT: String(port),
    DATABASE_URL: namedDatabase(),
  } as unknown as NodeJS.ProcessEnv
  const child = spawn(process.execPath, ['server/proxy/main.ts'], { cwd: root, stdio: ['pipe', 'inherit', 'inherit'], env })
  await vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${port}/api/health`)).status).toBe(200), { timeout: 30_000 })
  expect(await connections()).toBeGreaterThan(0)
  return { child, port }
}

/** @returns whether a byte of the answer came before the connection was gone */
function askFor(model: string, { run, port }: { run: SeededRun; port: number }): Promise<boolean> {
  const body = JSON.stringify(question('openai-chat', { model }))
  return new Promise((resolve) => {
    let hasSeen = false
    const req = request(
      {
        host: '127.0.0.1',
        port,
        path: `/ai/proxy/${run.token}/${pathOf('openai-chat')}`,
        method: 'POST',
        agent: false,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (res) => {
        hasSeen = true
        count('byte')
        res.on('data', () => {}).on('error', () => {})
        res.on('end', () => count('end')).on('close', () => resolve(true))
      },
    )
    req.on('error', () => resolve(hasSeen))
    req.end(body)
  })
}

const recordsOf = async (run: SeededRun) =>
  (await pool().query(`select model, outcome::text, "costMicros" from usage_record where "chatId" = $1`, [run.chatId])).rows as {
    model: string
    outcome: string
    costMicros: string | null
  }[]

/** From the first dispatch to just before the last record is settled. */
const moments: readonly (readonly [Moment, number])[] = [
  ['arrival', 1],
  ['byte', 1],
  ['byte', 12],
  ['end', 6],
]

it('leaves no answer unrecorded, whenever the process is killed', { timeout: 120_000 }, async () => {
  let seen = 0
  let cut = 0
  for (const [moment, times] of moments) {
    const run = await seedRun({ dialect: 'openai-chat', baseUrl: upstream.origin, key: KEY, settings: { models: MODELS.join(', ') } })
    await setBudget(run.scope, { scope: { is: 'team' }, period: 'day', limitMicros: 100_000_000 })
    const { child, port } = await startProxy()
    const exited = once(child, 'exit')
    // Its connections and caches are warm, as those of a process that has served for long.
    expect(await askFor(MODELS[0]!, { run, port })).toBe(true)
    const isTime = reached(moment, times)
    const asked = Promise.all(MODELS.slice(1).map(async (model) => ({ model, hasSeen: await askFor(model, { run, port }) })))
    await isTime
    child.kill('SIGKILL')
    const answered = (await asked).filter(({ hasSeen }) => hasSeen).map(({ model }) => model)
    await exited
    await untilHungUp()
    await pool().query(`update server_process set "beatAt" = "beatAt" - interval '1 minute'`)
    await closeDead({ close: closeLeftovers })
    const records = await recordsOf(run)
    const models = records.map(({ model }) => model)
    expect(new Set(models).size).toBe(models.length)
    expect(answered.filter((model) => !models.includes(model))).toEqual([])
    expect(records.filter(({ outcome }) => outcome === 'open')).toEqual([])
    expect(records.filter(({ outcome, costMicros }) => outcome === 'unknown' && costMicros !== null)).toEqual([])
    expect((await pool().query('select from budget_loan')).rowCount).toBe(0)
    seen += answered.length
    cut += records.filter(({ outcome }) => outcome === 'unknown').length
  }
  // The moments were worth something: answers of every fate.
  expect(seen).toBeGreaterThan(MODELS.length / 2)
  expect(cut).toBeGreaterThan(MODELS.length)
})
