/** The server as a process: what stops it, what a kill leaves behind, and what it says when it cannot start. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { cloneDatabase } from '#server/db/testing.ts'

const root = resolve(import.meta.dirname, '..')
// Each test starts several processes, on a machine that may have little time for them.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 })

let home: string
const started: ChildProcess[] = []

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
  chmodSync(home, 0o711)
})
afterEach(async () => {
  for (const child of started.splice(0)) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  const postmaster = postmasterOf(home)
  if (postmaster !== null) process.kill(postmaster, 'SIGQUIT')
  await until(() => postmasterOf(home) === null)
  rmSync(home, { recursive: true, force: true })
})

/** Waits for what other processes do, which nothing tells us. */
async function until(condition: () => boolean | Promise<boolean>, withinMs = 90_000): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`It did not happen within ${withinMs} ms`)
    await pause(20)
  }
}

function postmasterOf(folder: string): number | null {
  const file = join(folder, 'postgres/data/postmaster.pid')
  if (!existsSync(file)) return null
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0])
  return existsSync(`/proc/${pid}/stat`) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ') ? pid : null
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  return port
}

async function run(file: string, { env = {}, args = [] }: { env?: Record<string, string>; args?: string[] } = {}) {
  const port = Number(env['PORT'] ?? (await freePort()))
  const child = spawn(process.execPath, [join(root, file), ...args], {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      GATEHOUSE_HOME: home,
      PORT: String(port),
      GATEHOUSE_LOG: 'error',
      ...env,
    } as NodeJS.Dict<string> as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(child)
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text))
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    port,
    child,
    said,
    ended: async () => (await closed)[0],
    ready: () => until(async () => child.exitCode !== null || ((await fetch(`${url}/api/health`).catch(() => null))?.ok ?? false)),
  }
}
const startServer = (env?: Record<string, string>) => run('server/testing-main.ts', { ...(env && { env }) })

describe('a server', () => {
  it('starts, says how to set it up, and leaves nothing when it is told to stop', async () => {
    const server = await startServer()
    await server.ready()
    expect(server.said.out).toContain(`Gatehouse runs at ${server.url}\n`)
    await until(() => /\/setup\?code=set_[\w-]{43}\n/.test(server.said.out))
    server.child.kill('SIGINT')
    expect(await server.ended()).toBe(0)
    expect(postmasterOf(home)).toBe(null)
    expect(server.said.err).toBe('')
  })

  it('takes over what a killed one left running, with everything that was stored', async () => {
    const killed = await startServer()
    await killed.ready()
    const left = postmasterOf(home)
    killed.child.kill('SIGKILL')
    await killed.ended()
    expect(postmasterOf(home)).toBe(left)

    const args = ['setup', '--email', 'ada@example.org', '--password', 'correct horse', '--team', 'Team', '--token']
    const setup = await run('bin/gatehouse.ts', { args })
    expect([await setup.ended(), setup.said.err]).toEqual([0, ''])
    const { token, teamId } = JSON.parse(setup.said.out) as { token: string; teamId: string }

    const next = await startServer()
    await next.ready()
    expect(postmasterOf(home)).not.toBe(left)
    const me = await fetch(`${next.url}/api/trpc/me.get`, { headers: { authorization: `Bearer ${token}` } })
    expect(await me.json()).toMatchObject({ result: { data: { user: { email: 'ada@example.org' }, team: { teamId } } } })
    expect(next.said.out).not.toContain('/setup')

    // Beside a running server, too; and only once.
    const again = await run('bin/gatehouse.ts', { args })
    expect(await again.ended()).toBe(1)
    expect(again.said.err).toBe('This Gatehouse is set up already: sign in, or ask its owner for an invitation.\n')
    next.child.kill('SIGTERM')
    expect(await next.ended()).toBe(0)
  })

  it('brings its database back when that is killed, where it was', async () => {
    const server = await startServer()
    await server.ready()
    const first = postmasterOf(home)!
    const access = readFileSync(join(home, 'database.json'), 'utf8')
    process.kill(first, 'SIGKILL')
    await until(() => ![null, first].includes(postmasterOf(home)))
    await server.ready()
    expect(readFileSync(join(home, 'database.json'), 'utf8')).toBe(access)
    expect(await (await fetch(`${server.url}/api/trpc/setup.state`)).json()).toEqual({ result: { data: { isOpen: true } } })
    server.child.kill('SIGINT')
    expect(await server.ended()).toBe(0)
    expect(postmasterOf(home)).toBe(null)
  })

  it('ends a start that is under way without leaving its database', async () => {
    const server = await startServer()
    await until(() => existsSync(join(home, 'postgres')))
    server.child.kill('SIGINT')
    expect(await server.ended()).toBe(0)
    expect(postmasterOf(home)).toBe(null)
    expect(server.said.out).not.toContain('Gatehouse runs')
  })

  it('uses the database that DATABASE_URL names, and none of its own', async () => {
    const clone = await cloneDatabase()
    const server = await startServer({ DATABASE_URL: clone.url })
    await server.ready()
    expect(existsSync(join(home, 'postgres'))).toBe(false)
    server.child.kill('SIGTERM')
    expect(await server.ended()).toBe(0)
    await clone.drop()
  })
})

describe('a database that is late', () => {
  /** The database of DATABASE_URL behind a door that opens when the test says so. */
  async function behindDoor(url: string) {
    const target = new URL(url)
    const door = createServer((near) => {
      const far = connect(Number(target.port), target.hostname)
      for (const [from, to] of [[near, far] as const, [far, near] as const])
        from
          .on('error', () => {})
          .on('close', () => to.destroy())
          .pipe(to)
    })
    const port = await freePort()
    return {
      url: Object.assign(new URL(url), { port: String(port) }).href,
      open: () => new Promise<void>((resolve) => door.listen(port, '127.0.0.1', resolve)),
      close: () => door.close(),
    }
  }

  it('is waited for, and the wait ends when the server is told to stop', async () => {
    const clone = await cloneDatabase()
    const door = await behindDoor(clone.url)
    const env = { DATABASE_URL: door.url, GATEHOUSE_LOG: 'warn' }
    const [server, impatient] = [await startServer(env), await startServer({ ...env, GATEHOUSE_HOME: join(home, 'other') })]
    const waits = (each: typeof server) =>
      each.said.err.includes('The database does not answer yet') || each.said.out.includes('does not answer yet')
    await until(() => waits(server) && waits(impatient))
    impatient.child.kill('SIGINT')
    expect(await impatient.ended()).toBe(0)
    await door.open()
    await server.ready()
    expect(server.said.out).toContain(`Gatehouse runs at ${server.url}`)
    server.child.kill('SIGTERM')
    expect(await server.ended()).toBe(0)
    door.close()
    await clone.drop()
  })
})

describe('a start that cannot succeed says so in one sentence', () => {
  const withPart = (part: Partial<Pick<URL, 'password' | 'pathname' | 'port'>>) => Object.assign(new URL(inject('postgresUrl')), part).href
  /** Each makes what is wrong: the environment, and what it shall say. */
  const cases: [string, () => Promise<[Record<string, string>, string]>][] = [
    [
      'a data folder that cannot be written to',
      async () => {
        writeFileSync(join(home, 'file'), '')
        const folder = join(home, 'file/home')
        return [
          { GATEHOUSE_HOME: folder },
          `The data folder ${folder} cannot be written to (ENOTDIR): set GATEHOUSE_HOME to a folder that can.`,
        ]
      },
    ],
    [
      'a database address that is none',
      async () => [
        { DATABASE_URL: 'mysql://host/database' },
        'DATABASE_URL must be an address such as postgres://user:password@host:5432/database.',
      ],
    ],
    [
      'a database that is not there',
      async () => {
        const port = String(await freePort())
        return [
          { DATABASE_URL: withPart({ port }) },
          `The database at 127.0.0.1:${port} cannot be reached (ECONNREFUSED): start it, or correct DATABASE_URL.`,
        ]
      },
    ],
    [
      'a wrong password, which it does not repeat',
      async () => {
        const url = withPart({ password: 'not-the-password' })
        return [
          { DATABASE_URL: url },
          `The database at ${new URL(url).host} refuses the user "gatehouse" or its password: correct DATABASE_URL.`,
        ]
      },
    ],
    [
      'a database that does not exist',
      async () => {
        const url = withPart({ pathname: '/nowhere' })
        return [
          { DATABASE_URL: url },
          `The database at ${new URL(url).host} has no database named "nowhere": create it, or correct DATABASE_URL.`,
        ]
      },
    ],
    ['a variable that makes no sense', async () => [{ PORT: 'http' }, 'PORT must be a port between 1 and 65535, not "http".']],
  ]

  it.each(cases)('%s', async (_, make) => {
    const [environment, sentence] = await make()
    const server = await startServer(environment)
    expect([await server.ended(), server.said.out, server.said.err]).toEqual([1, '', `${sentence}\n`])
    expect(postmasterOf(home)).toBe(null)
  })

  it('a port in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const server = await startServer({ PORT: String(port) })
    expect(await server.ended()).toBe(1)
    expect(server.said.err).toBe(`Port ${port} on 127.0.0.1 is in use: stop the program that has it, or set PORT to another one.\n`)
    expect(existsSync(join(home, 'postgres'))).toBe(false)
    taken.close()
  })

  it('a data folder in use', async () => {
    const first = await startServer()
    await first.ready()
    const second = await startServer()
    expect(await second.ended()).toBe(1)
    expect(second.said.err).toBe(
      `Another Gatehouse server (process ${first.child.pid}) uses the data folder ${home}: stop it first, or set GATEHOUSE_HOME to another folder.\n`,
    )
    expect((await fetch(`${first.url}/api/health`)).ok).toBe(true)
    first.child.kill('SIGINT')
    expect(await first.ended()).toBe(0)
  })
})

it('the command line says how it is used', async () => {
  const command = await run('bin/gatehouse.ts', { args: ['dance'] })
  expect(await command.ended()).toBe(1)
  expect(command.said.err).toMatch(/^Usage: /)
})
