/** The master key in a file: rotated under load, killed in the middle, lost and brought back. */
import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeEach, expect, it, vi } from 'vitest'
import { openCredential } from '#server/connections/resolver.ts'
import { retireFormerVersions, rewrapAll, rotateMasterKey, startRotation } from '#server/connections/rotation.ts'
import { connect, listConnections } from '#server/connections/service.ts'
import { masterKeys } from '#server/connections/vault.ts'
import { databaseUrl, pool } from '#server/db/client.ts'
import { seedProject, seedTeamScope } from '#server/db/testing.ts'
import { enterProject, type TeamScope } from '#server/access/scope.ts'
import { addOwnServer } from '#server/mcp/own-service.ts'
import { findToAsk } from '#server/mcp/own-store.ts'
import { openHeaders } from '#server/mcp/own-upstream.ts'
import { isSigned } from '#server/tasks/hook-secret.ts'
import { findHook } from '#server/tasks/trigger-store.ts'
import { addWebhook, removeTemplate, saveTemplate } from '#server/tasks/triggers-service.ts'

const home = mkdtempSync(join(tmpdir(), 'gatehouse-rotation-'))
const file = join(home, 'master.key')
vi.stubEnv('GATEHOUSE_MASTER_KEY', '')
vi.stubEnv('GATEHOUSE_HOME', home)
vi.stubEnv('GATEHOUSE_PRIVATE_UPSTREAMS', '127.0.0.1:9')
afterAll(() => rmSync(home, { recursive: true }))

let scope: TeamScope
beforeEach(async () => {
  await pool().query('delete from credential')
  scope = await seedTeamScope()
})

const secretOf = (name: string) => `sk-ant-api03-${name.padEnd(24, 'x')}`
/** One key in each of several projects: each has a row of its own. */
async function connectKey(name: string): Promise<void> {
  const projectId = await seedProject(scope)
  // Nobody answers there, which keeps nobody from connecting.
  const place = { baseUrl: 'http://127.0.0.1:9', dialect: 'anthropic-messages' } as const
  const secret = { kind: 'api-key', provider: 'custom', key: secretOf(name), ...place } as const
  await connect(scope, { harness: 'claude-code', scope: 'project', projectId, secret })
}

type Row = { id: string; version: number; masterVersion: number; fingerprint: string }
const rows = async () => (await pool().query<Row>('select id, version, "masterVersion", fingerprint from credential order by id')).rows
const opened = async () => {
  const all = await Promise.all((await rows()).map(({ id, version }) => openCredential({ credentialId: id, version })))
  return all.map((each) => (each.is === 'open' ? each.secret : each.is)).toSorted()
}
const versions = async () => [...new Set((await rows()).map((each) => each.masterVersion))].toSorted((a, b) => a - b)
const names = (count: number) => Array.from({ length: count }, (_, i) => `key${String(i).padStart(3, '0')}`)

it('rewraps everything while keys are used and connected, and retires what nothing needs', async () => {
  for (const name of names(20)) await connectKey(name)
  const before = await rows()
  const from = masterKeys().current
  let isOver = false
  const used: string[] = []
  const using = (async () => {
    while (!isOver) used.push(...(await opened()))
  })()
  const version = await rotateMasterKey({ home })
  expect(version).toBe(from + 1)
  const connecting = Promise.all(['during1', 'during2', 'during3'].map(connectKey))
  const so = await rewrapAll({ batch: 3 })
  await connecting
  isOver = true
  await using
  expect(so).toEqual({ moved: 20, unreadable: 0, left: 0 })
  expect(new Set(used)).toEqual(
    new Set([...names(20), 'during1', 'during2', 'during3'].map(secretOf).filter((each) => used.includes(each))),
  )
  expect(await versions()).toEqual([version])
  expect((await rows()).filter((row) => before.some((each) => each.id === row.id))).toEqual(
    before.map((row) => ({ ...row, masterVersion: version })),
  )

  expect(await retireFormerVersions({ home, graceMs: 60_000 })).toBe(false)
  expect(await retireFormerVersions({ home, graceMs: 0 })).toBe(true)
  expect([...masterKeys().byVersion.keys()]).toEqual([version])
  expect(await opened()).toEqual([...names(20), 'during1', 'during2', 'during3'].map(secretOf).toSorted())
  const { rows: told } = await pool().query('select act, "subjectId" from audit_entry where act like $1 order by seq', ['key.%'])
  expect(told).toEqual([
    { act: 'key.rotated', subjectId: String(version) },
    { act: 'key.retired', subjectId: String(from) },
  ])
})

it('takes the secrets of webhooks along', async () => {
  const projectId = await seedProject(scope)
  const project = await enterProject(scope, { act: 'manage', projectId })
  const fields = { name: 'Alert', title: 'Look into it', instructions: '', assigneeId: null, harness: null, model: null, branch: null }
  const { templateId } = await saveTemplate(project, fields)
  const { triggerId, secret } = await addWebhook(project, { templateId, name: 'Alerts', startsChat: false })
  const isOpened = async () => {
    const call = { deliveryId: '1', timestamp: '1', body: '{}' }
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    const signatures = `v1,${createHmac('sha256', key).update('1.1.{}').digest('base64')}`
    return isSigned(triggerId, await findHook(triggerId), { ...call, signatures })
  }
  const version = await rotateMasterKey({ home })
  expect(await retireFormerVersions({ home, graceMs: 0 })).toBe(false)
  expect(await rewrapAll()).toEqual({ moved: 1, unreadable: 0, left: 0 })
  expect(await retireFormerVersions({ home, graceMs: 0 })).toBe(true)
  expect([...masterKeys().byVersion.keys()]).toEqual([version])
  expect(await isOpened()).toBe(true)
  await removeTemplate(project, { templateId })
})

it('leaves a secret alone that was replaced while it was rewrapped', async () => {
  await connectKey('old')
  const [row] = await rows()
  await rotateMasterKey({ home })
  // Replaced between the reading and the writing of its row.
  const pass = rewrapAll({ goOn: () => true })
  await pool().query('update credential set sealed = $2, version = version + 1 where id = $1', [row!.id, Buffer.from('replaced')])
  await pass
  const { rows: after } = await pool().query<{ sealed: Buffer }>('select sealed from credential')
  expect(after[0]!.sealed.toString()).toBe('replaced')
})

it('goes on after a kill in the middle, with everything readable in between', async () => {
  for (const name of names(60)) await connectKey(name)
  const version = await rotateMasterKey({ home })
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { openDatabase } from '#server/db/client.ts'
       import { rewrapAll } from '#server/connections/rotation.ts'
       await openDatabase(process.env.TEST_URL)
       await rewrapAll({ batch: 5, onProgress: () => process.stdout.write('.') })`,
    ],
    {
      cwd: resolve(import.meta.dirname, '../..'),
      env: { PATH: process.env['PATH'], GATEHOUSE_HOME: home, TEST_URL: databaseUrl() } as NodeJS.Dict<string> as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const closed = once(child, 'close')
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  expect(await closed).toEqual([null, 'SIGKILL'])
  expect(await versions()).toEqual([version - 1, version])
  expect(await opened()).toEqual(names(60).map(secretOf))
  expect(await retireFormerVersions({ home, graceMs: 0 })).toBe(false)

  const stop = startRotation({ home, masterKey: null })
  await vi.waitFor(async () => expect(await versions()).toEqual([version]), { timeout: 20_000 })
  await stop()
  expect(await opened()).toEqual(names(60).map(secretOf))
})

it('starts with a wrong key, shows each connection for itself, takes new secrets, and reads all again with the right one', async () => {
  await connectKey('first')
  await connectKey('second')
  copyFileSync(file, `${file}.kept`)
  const { rows: told } = await pool().query<{ harness: string; projectId: string }>(
    'select harness, "projectId" from attachment order by "createdAt"',
  )
  writeFileSync(file, Buffer.alloc(32, 9).toString('base64'))
  const stop = startRotation({ home, masterKey: null })
  expect(await opened()).toEqual(['unreadable', 'unreadable'])
  const states = async () =>
    Promise.all(
      told.map(
        async ({ projectId }) => (await listConnections(scope, { projectId })).find((row) => row.harness === 'claude-code')!.resolution,
      ),
    )
  expect((await states()).map(({ state, code }) => [state, code])).toEqual([
    ['broken', 'connection.unreadable'],
    ['broken', 'connection.unreadable'],
  ])
  await connectKey('under-the-wrong-one')
  expect((await opened()).filter((each) => each !== 'unreadable')).toEqual([secretOf('under-the-wrong-one')])
  await stop()

  copyFileSync(`${file}.kept`, file)
  expect((await opened()).filter((each) => each !== 'unreadable')).toEqual(['first', 'second'].map(secretOf))
  expect((await states()).map(({ state }) => state)).toEqual(['active', 'active'])

  // Both keys held, under whatever numbers, read everything; and a rotation puts it under one.
  const wrong = Buffer.alloc(32, 9).toString('base64')
  writeFileSync(file, `${readFileSync(`${file}.kept`, 'utf8')}\n99:${wrong}\n`)
  expect(await opened()).toEqual(['first', 'second', 'under-the-wrong-one'].map(secretOf).toSorted())
  const version = await rotateMasterKey({ home })
  expect(await rewrapAll()).toEqual({ moved: 3, unreadable: 0, left: 0 })
  expect(await versions()).toEqual([version])
})

it('waits with the retirement while somebody writes for long', async () => {
  await connectKey('slow')
  await rotateMasterKey({ home })
  await rewrapAll()
  const writer = await pool().connect()
  await writer.query('begin')
  await writer.query('update credential set name = name')
  expect(await retireFormerVersions({ home, graceMs: 0 })).toBe(false)
  await writer.query('commit')
  writer.release()
  expect(await retireFormerVersions({ home, graceMs: 0 })).toBe(true)
  expect(await opened()).toEqual([secretOf('slow')])
})

it('keeps the former versions while a row cannot be read by any', async () => {
  await connectKey('good')
  await connectKey('bent')
  const [, bent] = await rows()
  await pool().query('update credential set sealed = overlay(sealed placing $2 from 20) where id = $1', [bent!.id, Buffer.from('x')])
  const version = await rotateMasterKey({ home })
  expect(await rewrapAll()).toEqual({ moved: 1, unreadable: 1, left: 1 })
  utimesSync(file, 0, 0)
  expect(await retireFormerVersions({ home, graceMs: 0 })).toBe(false)
  expect(masterKeys().current).toBe(version)
  expect(await opened()).toEqual([secretOf('good'), 'unreadable'])
})

it('takes along what opens an MCP server of a project', async () => {
  // The last test has left a row that no key opens.
  await pool().query('delete from credential')
  const projectId = await seedProject(scope)
  const project = await enterProject(scope, { act: 'manage', projectId })
  const headers = [{ name: 'Authorization', value: 'Bearer of-the-docs' }]
  const { serverId } = await addOwnServer(project, { name: 'docs', url: 'http://127.0.0.1:9/mcp', headers })
  const version = await rotateMasterKey({ home })
  expect(await retireFormerVersions({ home, graceMs: 0 })).toBe(false)
  expect(await rewrapAll()).toEqual({ moved: 1, unreadable: 0, left: 0 })
  expect(await retireFormerVersions({ home, graceMs: 0 })).toBe(true)
  expect([...masterKeys().byVersion.keys()]).toEqual([version])
  expect(openHeaders((await findToAsk(projectId, serverId))!)).toEqual(headers)
})
