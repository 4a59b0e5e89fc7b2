/** What a killed daemon, or a run that ended while the server could not decide, has left in a home: real sandbox, in-memory server. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { RunId } from '#core/ids.ts'
import type { DeliveryGrant } from '#core/links/daemon.ts'
import { placeFiles } from '#agent/launch/prepare.ts'
import { digestOf } from '#agent/login-watch.ts'
import { inside } from '#agent/sandbox/inside.ts'
import { fakeServer, type FakeServer } from '#agent/testing/fake-server.ts'
import { openWorld, type World } from '#agent/testing/world.ts'
import { openWorkspace } from '#agent/workspace/workspace.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
}, 120_000)
afterAll(() => world.end(), 60_000)

const given = '{"refresh":"first"}'
const login: DeliveryGrant = { via: 'file', format: 'scripted', contents: given }
const file = '.scripted/login.json'
const runId = RunId.parse('01890000-0000-7000-8000-000000000009')
const later = { is: 'later', code: 'provider.unreachable' } as const

const fileOf = (server: FakeServer): string => join(world.surroundings.workspacesRoot, server.chatId, 'home-file', file)
const noteOf = (server: FakeServer) => openWorkspace(world.surroundings.workspacesRoot, server.chatId, 'file').state().login

/** As a daemon that was killed leaves it, after the program had made another of what it was given. */
async function leave(server: FakeServer, contents = '{"refresh":"left"}'): Promise<void> {
  const workspace = openWorkspace(world.surroundings.workspacesRoot, server.chatId, 'file')
  await placeFiles(world.sandbox, workspace, [{ path: `${inside.home}/${file}`, contents, mode: 0o600 }], [])
  workspace.remember({ login: { runId, epoch: 7, path: file, digest: digestOf(given) } })
}

/** All loops here look at one folder: what a test leaves is not the next one's to find. */
async function clear(server: FakeServer): Promise<void> {
  server.answerLogins({ is: 'kept' })
  await world.leftLogins(server).tryAll()
}

it('is told and taken away without anybody starting anything there, and only then free', { timeout: 30_000 }, async () => {
  const server = fakeServer(() => ({}))
  await leave(server)
  const loop = world.leftLogins(server)
  expect(loop.chats()).toEqual([server.chatId])
  loop.kick()
  await vi.waitFor(() => expect(noteOf(server)).toBeNull(), { timeout: 10_000 })
  expect(server.logins).toEqual([{ chatId: server.chatId, epoch: 7, runId, contents: '{"refresh":"left"}' }])
  expect(server.runEnds).toEqual([{ chatId: server.chatId, epoch: 7, runId, keepsLogin: false }])
  expect(server.calls).toEqual(['loginChanged', 'runEnded'])
  expect(existsSync(fileOf(server))).toBe(false)
  expect(loop.chats()).toEqual([])
})

it('is told again and again while the server cannot decide, and lies there until it has', { timeout: 30_000 }, async () => {
  const server = fakeServer(() => ({}))
  server.answerLogins(later)
  await leave(server)
  const loop = world.leftLogins(server, { restMs: 1 })
  loop.kick()
  await vi.waitFor(() => expect(server.logins.length).toBeGreaterThan(3), { timeout: 10_000 })
  expect([existsSync(fileOf(server)), noteOf(server)?.runId, server.runEnds]).toEqual([true, runId, []])
  server.answerLogins({ is: 'refused', code: 'login.other-account' })
  await vi.waitFor(() => expect(noteOf(server)).toBeNull(), { timeout: 10_000 })
  expect(existsSync(fileOf(server))).toBe(false)
})

it('is tried at once when the uplink is back, however long the rest would be', { timeout: 30_000 }, async () => {
  const server = fakeServer(() => ({}))
  server.answerLogins(later)
  await leave(server)
  const loop = world.leftLogins(server)
  await loop.tryAll()
  loop.kick()
  await vi.waitFor(() => expect(server.logins.length).toBeGreaterThan(1), { timeout: 10_000 })
  server.answerLogins({ is: 'kept' })
  loop.kick()
  await vi.waitFor(() => expect(noteOf(server)).toBeNull(), { timeout: 10_000 })
})

it('keeps no run on an API key waiting', { timeout: 30_000 }, async () => {
  const server = fakeServer(() => ({}))
  server.answerLogins(later)
  await leave(server)
  const turn = server.request('say on we go')
  const runner = world.begin(server, { idleStopMs: 1 })
  expect(await server.ended(turn)).toMatchObject({ outcome: 'completed' })
  await runner.over
  expect([server.logins, existsSync(fileOf(server))]).toEqual([[], true])
  await clear(server)
})

it('is told before a run on a login begins, which then gets what was made of it', { timeout: 30_000 }, async () => {
  const server = fakeServer(() => ({ delivery: { ...login, contents: `{"refresh":"after ${server.logins.length}"}` } }))
  await leave(server)
  const turn = server.request(`run cat ~/${file}`)
  const runner = world.begin(server, { idleStopMs: 1 })
  await server.ended(turn)
  await runner.over
  expect(server.calls.slice(0, server.calls.indexOf('sessionOpened')).filter((call) => call !== 'append')).toEqual([
    'startRun',
    'loginChanged',
    'runEnded',
    'startRun',
  ])
  const reply = server.facts().flatMap((fact) => (fact.type === 'reply.appended' ? [fact.text] : []))
  expect(reply.join('')).toContain('after 1')
})

it('ends the turn with the reason when the server still cannot decide, and keeps the login', { timeout: 30_000 }, async () => {
  const server = fakeServer(() => ({ delivery: login }))
  server.answerLogins(later)
  await leave(server)
  const turn = server.request('say never')
  const runner = world.begin(server, { idleStopMs: 1 })
  expect(await server.ended(turn)).toMatchObject({ outcome: 'failed', failure: { code: 'provider.unreachable' } })
  await runner.over
  expect(existsSync(fileOf(server))).toBe(true)
  // The run that was granted meanwhile has nothing to hand back; what the earlier one made is still to be told.
  expect(server.runEnds).toMatchObject([{ keepsLogin: false }])
  expect(server.runEnds[0]?.runId).not.toBe(runId)
  expect(noteOf(server)?.runId).toBe(runId)
  await clear(server)
})

it('is not touched while a run has it, and handed back when that has ended', { timeout: 30_000 }, async () => {
  const server = fakeServer(() => ({ delivery: login }))
  const loop = world.leftLogins(server)
  const turn = server.request('say hello')
  const runner = world.begin(server, { leftLogins: loop })
  await server.ended(turn)
  expect(loop.chats()).toContain(server.chatId)
  await loop.tryAll()
  expect(existsSync(fileOf(server))).toBe(true)
  runner.drain()
  await runner.over
  await vi.waitFor(() => expect(loop.chats()).not.toContain(server.chatId), { timeout: 10_000 })
  const { runId: own } = await server.until('run.ended')
  expect(server.runEnds.map((each) => [each.runId, each.keepsLogin])).toEqual([
    [own, true],
    [own, false],
  ])
  expect(noteOf(server)).toBeNull()
})
