/** The commands that look after data, on a server of their own with its embedded database: beside it, and without it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { loadMasterKeys } from '#server/connections/master-key.ts'
import { embeddedUrl } from '#server/db/postgres.ts'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 })

const root = resolve(import.meta.dirname, '../..')
const homes: string[] = []
const newHome = () => {
  const home = mkdtempSync(join(tmpdir(), 'gatehouse-own-'))
  // The database's user has to enter it when we are root.
  chmodSync(home, 0o711)
  homes.push(home)
  return home
}
const home = newHome()
const key = join(home, 'master.key')
let port = 0
let token = ''
let server: ChildProcess | null = null

beforeAll(async () => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  port = (probe.address() as AddressInfo).port
  await new Promise((closed) => probe.close(closed))
})
afterAll(async () => {
  await stop()
  for (const each of homes) rmSync(each, { recursive: true, force: true })
})

function launch(file: string, args: readonly string[], { at = home, env = {} }: { at?: string; env?: Record<string, string> } = {}) {
  const child = spawn(process.execPath, [join(root, file), ...args], {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      GATEHOUSE_HOME: at,
      GATEHOUSE_LOG: 'silent',
      GATEHOUSE_PRIVATE_UPSTREAMS: '127.0.0.1:9',
      PORT: String(port),
      ...env,
    } as NodeJS.Dict<string> as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  return { child, ended: once(child, 'close').then(([code]) => ({ code: code as number | null, said })) }
}
const gatehouse = (args: string, options?: Parameters<typeof launch>[2]) => launch('bin/gatehouse.ts', args.split(' '), options).ended

async function start(): Promise<void> {
  server = launch('server/testing-main.ts', []).child
  const isReady = async () => {
    if (!(await fetch(`http://127.0.0.1:${port}/api/health`)).ok) throw new Error('not yet')
  }
  await vi.waitFor(isReady, { timeout: 60_000, interval: 100 })
}
async function stop(): Promise<void> {
  const ending = server
  server = null
  if (!ending || ending.exitCode !== null) return
  ending.kill('SIGTERM')
  await once(ending, 'close')
}

async function call(path: string, input?: unknown): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/trpc/${path}`, {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(input === undefined ? {} : { method: 'POST', body: JSON.stringify(input) }),
  })
  return ((await answer.json()) as { result: { data: unknown } }).result.data
}
const connect = (harness: string) =>
  call('connections.connect', {
    harness,
    scope: 'user',
    secret: { kind: 'api-key', provider: 'custom', key: 'own-0123456789abcdef', baseUrl: 'http://127.0.0.1:9', dialect: dialects[harness] },
  })
const dialects: Record<string, string> = { 'claude-code': 'anthropic-messages', codex: 'openai-responses' }
const states = async () =>
  ((await call('connections.list')) as { harness: string; resolution: { state: string; code: string | null } }[])
    .filter(({ harness }) => harness in dialects)
    .map(({ harness, resolution: { state, code } }) => `${harness} ${code ?? state}`)
    .toSorted()

async function tamper(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: embeddedUrl(home)! })
  await client.connect()
  await client.query("set session_replication_role = 'replica'")
  await client.query(sql)
  await client.end()
}

it('replaces the master key of a running server, and lives with a wrong one until the right one is back', async () => {
  await start()
  const set = await gatehouse('setup --email ada@example.org --password correct-horse-battery --team Crew --token')
  token = (JSON.parse(set.said.trim().split('\n').at(-1)!) as { token: string }).token
  await connect('claude-code')
  await connect('codex')
  const rotated = await gatehouse('rotate-key')
  expect(rotated).toEqual({ code: 0, said: expect.stringMatching(/^Version 2 .*[\s\S]*Every credential is under it/) })
  expect(statSync(key).mode & 0o777).toBe(0o600)
  expect(readFileSync(key, 'utf8')).toMatch(/^1:.{44}\n2:.{44}\n/)
  expect(await states()).toEqual(['claude-code active', 'codex active'])
  await stop()

  copyFileSync(key, `${key}.kept`)
  writeFileSync(key, `2:${Buffer.alloc(32, 9).toString('base64')}`)
  await start()
  expect(await states()).toEqual(['claude-code connection.unreadable', 'codex connection.unreadable'])
  await connect('codex')
  expect(await states()).toEqual(['claude-code connection.unreadable', 'codex active'])
  copyFileSync(`${key}.kept`, key)
  expect(await states()).toEqual(['claude-code active', 'codex connection.unreadable'])
  await connect('codex')
  expect(await states()).toEqual(['claude-code active', 'codex active'])
})

it('says what to do where the key is a variable', async () => {
  const env = { GATEHOUSE_MASTER_KEY: `3:${Buffer.alloc(32, 1).toString('base64')}` }
  const { code, said } = await gatehouse('rotate-key', { at: newHome(), env })
  expect(code).toBe(1)
  expect(said).toContain('3:FORMER,4:NEW')
  // With what the last step says, fingerprints stay what they were.
  const entry = said.match(/4:NEW,(fingerprint:\S+)/)![1]
  const last = `4:${Buffer.alloc(32, 2).toString('base64')},${entry}`
  const of = (masterKey: string) => loadMasterKeys({ home: '/', masterKey })
  expect(of(last).fingerprintKey).toEqual(of(env.GATEHOUSE_MASTER_KEY).fingerprintKey)
})

it('backs up beside the server, and restores elsewhere what can be read with the key', async () => {
  const file = join(newHome(), 'gatehouse.backup')
  expect(await gatehouse(`backup --file ${file}`)).toEqual({ code: 0, said: expect.stringContaining('does not hold the master key') })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const elsewhere = newHome()
  expect(await gatehouse(`restore --file ${file}`)).toEqual({ code: 1, said: expect.stringContaining('stop it first') })
  expect(await gatehouse(`restore --file ${file}`, { at: elsewhere })).toMatchObject({ code: 0 })
  expect(await gatehouse('audit verify', { at: elsewhere })).toEqual({
    code: 0,
    said: expect.stringMatching(/^The audit log is whole: \d+ entries, anchored/),
  })
})

it('checks the logs of a running server, and gives each another id when the database was put back', async () => {
  const query = async <T>(sql: string): Promise<T[]> => {
    const client = new pg.Client({ connectionString: embeddedUrl(home)! })
    await client.connect()
    const { rows } = await client.query(sql)
    await client.end()
    return rows as T[]
  }
  const { projectId } = (await call('projects.create', { name: 'Kept' })) as { projectId: string }
  await call('chats.create', { projectId, harness: 'codex' })
  expect(await gatehouse('check-log')).toEqual({ code: 0, said: 'The logs of all chats are whole.\n' })
  await query('update chat_head set head = head + 1')
  expect(await gatehouse('check-log')).toEqual({
    code: 1,
    said: expect.stringMatching(/^Chat \S+: the head says 2, the last row 1 .*\n1 finding\.\n$/),
  })
  await query('update chat_head set head = head - 1')
  expect(await query('select "logId" from chat_head')).toEqual([{ logId: 1 }])
  expect(await gatehouse('restored')).toEqual({ code: 0, said: expect.stringMatching(/^Every chat has a new history/) })
  expect(await query('select epoch from chat_head where "logId" <> 1')).toEqual([{ epoch: 1_000_000 }])
})

it('proves the audit log beside a server and without one, and names what was done to it', async () => {
  expect(await gatehouse('audit verify')).toEqual({
    code: 0,
    said: expect.stringMatching(/^The audit log is whole: \d+ entries, anchored up to entry \d+\.\n$/),
  })
  await tamper("update audit_entry set act = 'token.revoked' where seq = 2")
  expect(await gatehouse('audit verify')).toEqual({
    code: 1,
    said: expect.stringMatching(/^Entry 2 was edited: .*\nThe audit log was changed: 1 finding/),
  })
  // Stopped, it anchors what it said last.
  await tamper("update audit_entry set act = 'token.created' where seq = 2")
  await stop()
  expect(await gatehouse('audit verify')).toMatchObject({ code: 0 })
  await start()
  await tamper('delete from audit_entry where seq > (select max(seq) - 2 from audit_entry)')
  await stop()
  expect(await gatehouse('audit verify')).toEqual({ code: 1, said: expect.stringMatching(/^Entries \d+ to \d+ were cut off the end/) })
})
