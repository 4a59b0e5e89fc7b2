/** The daemon as a process of its own, against a socket: starts, deaths of every kind, and what is left. */
import { spawn, type ChildProcess } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Server } from 'socket.io'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { DAEMON_NAMESPACE, daemonCalls, SERVER_HINT, SOCKET_PATH, type DaemonCall, type ServerHint } from '#core/links/daemon.ts'
import { isAlive } from '#agent/sandbox/processes.ts'
import { fakeServer, type FakeServer } from '#agent/testing/fake-server.ts'
import { harnessRoot, openWorld } from '#agent/testing/world.ts'

const LEASE_TTL_MS = 2_000

let home: string
let server: FakeServer
let wire: { url: string; hint: (hint: ServerHint) => void; setMute: (isMute: boolean) => void; close: () => Promise<void> }
const daemons: ChildProcess[] = []

beforeAll(async () => {
  // Installs the sandbox program once, where this machine has none.
  await (await openWorld()).end()
}, 120_000)

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'gatehouse-node-'))
  server = fakeServer(() => ({}), LEASE_TTL_MS)
  wire = await serve(server)
  mkdirSync(join(home, 'node'))
  writeIdentity()
})
afterEach(async () => {
  for (const daemon of daemons.splice(0)) await end(daemon, 'SIGKILL')
  await wire.close()
  rmSync(home, { recursive: true, force: true })
})

function writeIdentity(): void {
  const pair = generateKeyPairSync('ed25519')
  const publicKey = pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')
  writeFileSync(
    join(home, 'node/identity.json'),
    JSON.stringify({ url: wire.url, nodeId: server.nodeId, name: 'test', publicKey, privateKey }),
  )
}

async function serve(fake: FakeServer): Promise<typeof wire> {
  const http = createServer()
  const io = new Server(http, { path: SOCKET_PATH })
  let isMute = false
  io.of(DAEMON_NAMESPACE).on('connection', (socket) => {
    for (const call of Object.keys(daemonCalls) as DaemonCall[]) {
      socket.on(call, (request: unknown, acknowledge: (answer: unknown) => void) => {
        if (!isMute) void fake.call(call, request as never).then((reply) => acknowledge({ reply }))
      })
    }
  })
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    hint: (hint) => void io.of(DAEMON_NAMESPACE).emit(SERVER_HINT, hint),
    setMute: (mute) => void (isMute = mute),
    close: async () => {
      await io.close()
    },
  }
}

function startDaemon(env: Record<string, string> = {}): ChildProcess {
  const daemon = spawn(process.execPath, [resolve(import.meta.dirname, 'main.ts')], {
    env: {
      PATH: process.env['PATH'],
      GATEHOUSE_HOME: home,
      GATEHOUSE_HARNESS_DIR: harnessRoot,
      GATEHOUSE_TESTING: '1',
      GATEHOUSE_CANCEL_GRACE_MS: '1000',
      GATEHOUSE_LOG: process.env['GATEHOUSE_LOG'] ?? 'silent',
      ...env,
    } as unknown as NodeJS.ProcessEnv,
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  daemons.push(daemon)
  return daemon
}

function end(daemon: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return Promise.resolve(daemon.exitCode)
  daemon.kill(signal)
  return new Promise((done) => daemon.once('exit', (code) => done(code)))
}

/** Processes that were started for this home: bubblewrap names its folders in its arguments. */
function processesOfHome(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return (
          pid !== process.pid &&
          isAlive(pid) &&
          readFileSync(`/proc/${pid}/mountinfo`, 'utf8').includes(`${home.split('/').at(-1)}/node/workspaces`)
        )
      } catch {
        return false
      }
    })
}

const outbox = (): string => {
  const file = join(home, 'node/outbox', `${server.chatId}.jsonl`)
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}
const workFile = (name: string): string => join(home, 'node/workspaces', server.chatId, 'work', name)
const typed = (type: string) => server.facts().filter((fact) => fact.type === type)

describe('the daemon', { timeout: 40_000 }, () => {
  it('leaves a folder alone on which another one works, and takes it over from one that was killed', async () => {
    const first = startDaemon()
    await server.ended(server.request('say hello'))
    const other = startDaemon()
    expect(await new Promise((done) => other.once('exit', (code) => done(code)))).toBe(1)
    const second = server.request('say again')
    wire.hint({ hint: 'commands', chatId: server.chatId })
    await server.ended(second)
    await end(first, 'SIGKILL')
    server.expire()
    startDaemon()
    const third = server.request('say more')
    expect(await server.ended(third)).toMatchObject({ outcome: 'completed' })
  })

  it('joins, says what it can do, works off what waits, and ends in good order', async () => {
    const turn = server.request('say hello')
    const daemon = startDaemon()
    expect(await server.ended(turn)).toMatchObject({ outcome: 'completed' })
    await expect.poll(() => server.reports.length, { timeout: 5_000 }).toBeGreaterThan(0)
    expect(server.reports.at(-1)).toMatchObject({
      harnesses: expect.arrayContaining([expect.objectContaining({ harness: 'scripted', state: 'installed' })]),
    })
    expect(processesOfHome().length).toBeGreaterThan(0)

    const second = server.request('say again')
    wire.hint({ hint: 'commands', chatId: server.chatId })
    await server.ended(second)
    expect(await end(daemon, 'SIGTERM')).toBe(0)
    expect(processesOfHome()).toEqual([])
    expect(typed('run.ended')).toMatchObject([{ reason: 'shutdown' }])
    expect(server.calls).toContain('release')
    expect(outbox()).toBe('')
  })

  it('lets a turn end when it is asked to stop, for as long as it may, and no longer when it is asked twice', async () => {
    const turn = server.request('say begun\nwait-for-file go\nsay done')
    const daemon = startDaemon({ GATEHOUSE_DRAIN_MS: '600000' })
    await server.until('reply.appended')
    const gone = end(daemon, 'SIGTERM')
    writeFileSync(workFile('go'), '')
    expect(await server.ended(turn)).toMatchObject({ outcome: 'completed' })
    expect(await gone).toBe(0)

    const long = server.request('say working\nwait-for-cancel')
    const impatient = startDaemon({ GATEHOUSE_DRAIN_MS: '600000' })
    await server.until('reply.appended', (fact) => fact.text.includes('working'))
    const ended = new Promise((done) => impatient.once('exit', done))
    impatient.kill('SIGTERM')
    impatient.kill('SIGINT')
    expect(await server.ended(long)).toMatchObject({ outcome: 'interrupted' })
    expect(await ended).toBe(0)
  })

  it('takes its agents along when it is killed, and the next one delivers what it had written', async () => {
    const turn = server.request('say one\nspawn-grandchild\nwait-for-file go\nsay two\nwait-for-cancel')
    const daemon = startDaemon()
    await server.until('reply.appended')
    server.setAway(true)
    writeFileSync(workFile('go'), '')
    await expect.poll(() => outbox().includes('two'), { timeout: 10_000 }).toBe(true)
    await end(daemon, 'SIGKILL')
    await expect.poll(processesOfHome, { timeout: 5_000 }).toEqual([])
    expect(
      typed('reply.appended')
        .map((fact) => 'text' in fact && fact.text)
        .join(''),
    ).not.toContain('two')

    const abandoned = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith(`gatehouse-run-${daemon.pid}-`))
    expect(abandoned().length).toBeGreaterThan(0)
    server.setAway(false)
    startDaemon()
    await server.until('reply.appended', (fact) => fact.text.includes('two'))
    // In the log of its own epoch, once; the turn itself is the server's to interrupt.
    expect(server.log.every(({ epoch, pseq }, at) => epoch === 1 && pseq === at + 1)).toBe(true)
    expect(typed('turn.ended')).toEqual([])

    await expect.poll(abandoned, { timeout: 5_000 }).toEqual([])

    server.expire()
    const next = server.request('say three')
    wire.hint({ hint: 'work' })
    expect(await server.ended(next)).toMatchObject({ outcome: 'completed' })
    expect(typed('run.started').map((fact) => 'how' in fact && fact.how)).toEqual(['new', 'resumed'])
    expect(
      server
        .facts()
        .filter((fact) => fact.type === 'turn.accepted')
        .map((fact) => fact.turnId),
    ).toEqual([turn, next])
  })

  it('is followed by one that hands in and takes away the login which it left', async () => {
    server = fakeServer(() => ({ delivery: { via: 'file', format: 'scripted', contents: '{"refresh":1}' } }), LEASE_TTL_MS)
    await wire.close()
    wire = await serve(server)
    writeIdentity()
    const login = join(home, 'node/workspaces', server.chatId, 'home-file/.scripted/login.json')
    server.request(`run echo '{"refresh":2}' > ~/.scripted/login.json\nsay rewritten\nwait-for-cancel`)
    const daemon = startDaemon()
    await server.until('reply.appended', (fact) => fact.text.includes('rewritten'))
    await end(daemon, 'SIGKILL')
    expect(readFileSync(login, 'utf8')).toContain('2')
    startDaemon()
    await expect.poll(() => existsSync(login), { timeout: 10_000 }).toBe(false)
    const { runId } = await server.until('run.started')
    expect(server.logins.at(-1)).toMatchObject({ chatId: server.chatId, epoch: 1, runId, contents: '{"refresh":2}\n' })
  })

  it('fences itself before the lease runs out, when the server is silent', async () => {
    server.request('say working\nwait-for-cancel')
    startDaemon()
    await server.until('reply.appended')
    expect(processesOfHome().length).toBeGreaterThan(0)
    wire.setMute(true)
    const from = performance.now()
    await expect.poll(processesOfHome, { timeout: 5_000, interval: 20 }).toEqual([])
    expect(performance.now() - from).toBeLessThan(LEASE_TTL_MS)
  })

  it('ends when whoever started it is gone', async () => {
    const turn = server.request('say hello')
    const daemon = startDaemon()
    await server.ended(turn)
    const gone = new Promise((done) => daemon.once('exit', done))
    daemon.stdin!.end()
    expect(await gone).toBe(0)
    expect(processesOfHome()).toEqual([])
  })
})
