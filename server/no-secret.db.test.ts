/**
 * No secret in any response, log, event, dump or error: secrets that can be searched for are
 * connected, used, replaced and refused at a server of its own, under a provider that says
 * back whatever it is sent; then everything that anybody could read is searched.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { createToken } from '#server/accounts/tokens-service.ts'
import { databaseUrl, pool, prisma } from '#server/db/client.ts'
import { ask, pathOf, seedRun, serveOnLoopback, type SeededRun, type Served } from '#server/proxy/testing.ts'

/** In the middle of every secret; the last four characters of a key are shown on purpose. */
const mark = (what: string) => `MARK${what}MARK${'0123456789'.repeat(2)}`
const marks = {
  key: mark('Key'),
  replaced: mark('Replaced'),
  refused: mark('Refused'),
  refresh: mark('Refresh'),
  access: mark('Access'),
  signature: mark('Signature'),
  token: mark('Token'),
  malformed: mark('Malformed'),
} as const
const key = (name: 'key' | 'replaced' | 'refused') => `own-${marks[name]}-tail`

const segment = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwt = (claims: object) => `${segment({ alg: 'RS256' })}.${segment(claims)}.${marks.signature}`
const codexLogin = JSON.stringify({
  auth_mode: 'chatgpt',
  OPENAI_API_KEY: null,
  tokens: {
    id_token: jwt({ email: 'ada@example.org' }),
    access_token: `${jwt({ exp: 4_000_000_000 })}${marks.access}`,
    refresh_token: marks.refresh,
    account_id: 'acc-1',
  },
  last_refresh: new Date().toISOString(),
})

/** The first use of the environment takes it out, and both processes open the same rows. */
const masterKey = process.env['GATEHOUSE_MASTER_KEY']

let home: string
let provider: Served
/** What the provider answers everything with. */
let status = 400
let run: SeededRun
let server: ChildProcess
let url = ''
let pat = ''
let printed = ''
let answered = ''

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'gatehouse-no-secret-'))
  chmodSync(home, 0o711)
  provider = await serveOnLoopback((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const said = {
        error: { message: `Incorrect API key provided: ${JSON.stringify(req.headers)}` },
        url: req.url,
        body: String(Buffer.concat(chunks)),
      }
      res
        .writeHead(status, { 'content-type': 'application/json', 'x-echo': String(req.headers['x-api-key'] ?? 'none') })
        .end(JSON.stringify(said))
    })
  })
  vi.stubEnv('GATEHOUSE_PRIVATE_UPSTREAMS', provider.host)
  run = await seedRun({ dialect: 'anthropic-messages', baseUrl: provider.origin, key: key('key'), settings: { models: 'own-model' } })
  pat = (await createToken(run.scope, { name: 'script', days: 1 })).token
  await prisma().user.update({ where: { id: run.scope.userId }, data: { isInstanceOwner: true } })

  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  server = spawn(process.execPath, ['server/testing-main.ts'], {
    cwd: resolve(import.meta.dirname, '..'),
    env: {
      PATH: process.env['PATH'],
      GATEHOUSE_HOME: home,
      GATEHOUSE_LOG: 'trace',
      GATEHOUSE_MASTER_KEY: masterKey,
      GATEHOUSE_PRIVATE_UPSTREAMS: provider.host,
      DATABASE_URL: databaseUrl(),
      PORT: String(port),
    } as NodeJS.Dict<string> as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [server.stdout!, server.stderr!]) stream.setEncoding('utf8').on('data', (text: string) => (printed += text))
  const isReady = async () => {
    if (!(await fetch(`${url}/api/health`)).ok) throw new Error('not yet')
  }
  await vi.waitFor(isReady, { timeout: 50_000, interval: 100 })
})

afterAll(async () => {
  server.kill('SIGKILL')
  await provider.close()
  rmSync(home, { recursive: true })
})

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  await new Promise((closed) => probe.close(closed))
  return port
}

/** Keeps whatever comes back, status line to body. */
async function call(path: string, input: unknown, { isQuery = false } = {}): Promise<{ result?: { data: never }; error?: unknown }> {
  const query = isQuery ? `?input=${encodeURIComponent(JSON.stringify(input))}` : ''
  const answer = await fetch(`${url}/api/trpc/${path}${query}`, {
    headers: { authorization: `Bearer ${pat}`, 'content-type': 'application/json' },
    ...(isQuery ? {} : { method: 'POST', body: JSON.stringify(input) }),
  })
  const text = await answer.text()
  answered += `${path} ${answer.status} ${JSON.stringify([...answer.headers])} ${text}\n`
  return JSON.parse(text) as { result?: { data: never }; error?: unknown }
}
const look = (path: string, input: unknown = {}) => call(path, input, { isQuery: true })

const custom = (secret: string) => ({
  kind: 'api-key',
  provider: 'custom',
  key: secret,
  baseUrl: provider.origin,
  dialect: 'anthropic-messages',
})
const connect = (harness: string, secret: unknown, more = {}) => call('connections.connect', { harness, scope: 'user', secret, ...more })

const everyReading = async (connectionId: string, harness: string) => {
  await look('connections.details', { connectionId })
  await look('connections.explain', { harness })
  await look('connections.preview', { connectionId })
  await call('connections.validate', { connectionId })
}

/** A dump: every column of every table, as text. */
async function dump(): Promise<string> {
  const { rows: tables } = await pool().query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
  )
  let text = ''
  for (const { name } of tables) {
    const { rows } = await pool().query<{ row: string }>(`select t::text as row from ${name} t`)
    text += `${name}\n${rows.map((each) => each.row).join('\n')}\n`
  }
  return text
}

const filesOf = (folder: string): string =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile() && statSync(join(each.parentPath, each.name)).size < 5_000_000)
    .map((each) => `${each.name}\n${readFileSync(join(each.parentPath, each.name)).toString('latin1')}`)
    .join('\n')

/** As it is, and as bytes are written in dumps and in Base64. */
const spellings = (secret: string) => [
  secret,
  Buffer.from(secret).toString('hex'),
  // Without the ends, which depend on what stands beside it.
  ...[0, 1, 2].map((shift) =>
    Buffer.from(`${'x'.repeat(shift)}${secret}`)
      .toString('base64')
      .slice(4, -4),
  ),
  encodeURIComponent(secret),
]
const foundIn = (text: string) =>
  Object.entries(marks).flatMap(([name, secret]) => (spellings(secret).some((spelling) => text.includes(spelling)) ? [name] : []))

it('shows a mark where there is one', () => {
  expect(foundIn(`… ${marks.key} …`)).toEqual(['key'])
  expect(foundIn(Buffer.from(`a ${marks.token} b`).toString('base64'))).toEqual(['token'])
  expect(foundIn(Buffer.from(`a ${marks.token} b`).toString('hex'))).toEqual(['token'])
})

it('keeps every secret to itself', async () => {
  const { connectionId, credentialId, token } = run

  // The path of a run: the provider's answers repeat the key that they were given.
  const said: string[] = []
  for (status of [400, 500, 401]) {
    const body = { model: 'own-model', max_tokens: 1, messages: [{ role: 'user', content: 'hello' }] }
    const proxied = await ask({ origin: url, path: pathOf('anthropic-messages'), token, body })
    said.push(proxied.text)
    answered += `${JSON.stringify(proxied.headers)} ${proxied.text}\n`
  }
  expect(said[0]).toContain('Incorrect API key')
  await everyReading(connectionId, 'claude-code')

  await connect('claude-code', custom(key('replaced')))
  await connect('claude-code', custom(key('refused')), { onRefused: 'reject' })
  const codex = await connect('codex', { kind: 'auth-file', format: 'codex', contents: codexLogin })
  const login = (codex.result!.data as { connectionId: string }).connectionId
  await everyReading(login, 'codex')
  const { projectId } = (await call('projects.create', { name: 'Web' })).result!.data as { projectId: string }
  const subscription = await connect(
    'claude-code',
    { kind: 'oauth-token', issuer: 'anthropic', token: `sk-ant-oat01-${marks.token}` },
    { scope: 'project', projectId },
  )
  await everyReading((subscription.result!.data as { connectionId: string }).connectionId, 'claude-code')

  // What is refused is not repeated either, wherever in the input it stood.
  await connect('codex', { kind: 'auth-file', format: 'codex', contents: `{"tokens": "${marks.malformed}"` })
  await connect('codex', { kind: 'api-key', provider: marks.malformed, key: marks.malformed })
  await connect('nothing', custom(marks.malformed))
  await connect('claude-code', { ...custom(`${marks.malformed} with spaces`), baseUrl: `http://user:${marks.malformed}@10.0.0.1/` })
  await call('connections.connect', { secret: { key: [marks.malformed] } })
  await fetch(`${url}/api/trpc/connections.connect`, { method: 'POST', headers: { authorization: `Bearer ${pat}` }, body: marks.malformed })

  for (const path of [
    'connections.list',
    'credentials.list',
    'configurations.list',
    'attachments.list',
    'audit.list',
    'usage.records',
    'chats.list',
    'me.get',
  ])
    await look(path)
  await look('connections.list', { projectId })
  await look('credentials.get', { credentialId })
  await look('chats.eventsAfter', { chatId: run.chatId, afterSeq: 0 })
  for (const format of ['csv', 'json']) await look('audit.export', { format })
  const today = new Date().toISOString().slice(0, 10)
  for (const by of ['credential', 'model']) await look('usage.report', { from: today, to: today, by, stack: by })
  for (const path of ['usage.requests', 'usage.savings']) await look(path, { from: today, to: today })
  await look('usage.export', { from: today, to: today, of: 'requests' })
  await call('connections.disconnect', { connectionId: login })
  answered += await (await fetch(`${url}/metrics`)).text()

  const { rows } = await pool().query<{ sealed: Buffer }>('select sealed from credential')
  expect(rows.length).toBeGreaterThanOrEqual(3)
  // It was looked at where there was something to see.
  const calls = answered.match(/^[a-zA-Z]+\.[a-zA-Z]+ \d+/gm)!
  for (const path of [
    'connections.details',
    'connections.explain',
    'connections.validate',
    'credentials.get',
    'audit.export',
    'audit.list',
    'usage.report',
    'usage.requests',
    'usage.savings',
    'usage.export',
  ])
    expect(calls).toContain(`${path} 200`)
  expect(answered).toContain('connected Codex')
  expect(printed).toContain('Gatehouse runs at')

  expect({ answers: foundIn(answered), dump: foundIn(await dump()), log: foundIn(printed), files: foundIn(filesOf(home)) }).toEqual({
    answers: [],
    dump: [],
    log: [],
    files: [],
  })
  // Nor what opens the house.
  for (const text of [await dump(), printed]) expect([text.includes(pat), text.includes(token)]).toEqual([false, false])
})
