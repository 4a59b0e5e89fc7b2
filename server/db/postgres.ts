/**
 * The embedded PostgreSQL: a real one, from npm, started and watched over by us. It
 * listens on loopback only, with a password of its own, and keeps its port when it is
 * restarted after a crash, so pools reconnect by themselves.
 * Must not know what is stored in it; `server/db/migrations.ts` comes next.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { dataFolder, databaseUser, programFolder, type DatabaseUser } from '#server/db/postgres-files.ts'
import { clearLeftover } from '#server/db/postmaster.ts'
import { log } from '#server/log.ts'
import { StartError } from '#server/start-error.ts'

export type EmbeddedPostgres = {
  /** Of the database `gatehouse`. */
  url: string
  /** Resolves when the process is gone and its data is closed cleanly. */
  stop(): Promise<void>
}

/** `isScratch` trades durability for speed: for tests and for writing migrations. */
export type PostgresOptions = { home: string; isScratch?: boolean }

const READY_WITHIN_MS = 60_000
const STOP_WITHIN_MS = 20_000
const LOG_MAX_BYTES = 5_000_000

type Place = { data: string; program: string; user: DatabaseUser; logFile: string; password: string; port: number; isScratch: boolean }

/** What `${home}/database.json` tells other processes of the same home, such as the command line. */
type Access = { port: number; password: string }

const accessFile = (home: string) => join(home, 'database.json')

/** Whole or not at all: a crash in between leaves the old file. */
function writeAccess(home: string, access: Access): void {
  writeFileSync(`${accessFile(home)}.partial`, JSON.stringify(access), { mode: 0o600 })
  renameSync(`${accessFile(home)}.partial`, accessFile(home))
}

/** The URL under which a running server of this home has its database; null when none was ever started. */
export function embeddedUrl(home: string): string | null {
  if (!existsSync(accessFile(home))) return null
  return urlOf(JSON.parse(readFileSync(accessFile(home), 'utf8')) as Access, 'gatehouse')
}

const urlOf = ({ port, password }: Access, database: string) => `postgres://gatehouse:${password}@127.0.0.1:${port}/${database}`

/** Starts it, creating the data on the first start and cleaning up after a crash. One server per home: the caller holds its lock. */
export async function startPostgres({ home, isScratch = false }: PostgresOptions): Promise<EmbeddedPostgres> {
  const user = databaseUser()
  const folder = dataFolder(home, user)
  const data = join(folder, 'data')
  const known = existsSync(accessFile(home)) ? (JSON.parse(readFileSync(accessFile(home), 'utf8')) as Access) : null
  if (!known && existsSync(data)) {
    throw new StartError(
      `${accessFile(home)} is missing, which holds the password of the database in ${data}: restore it, or move that folder away to start anew.`,
    )
  }
  await clearLeftover(data)

  const password = known?.password ?? randomBytes(24).toString('base64url')
  const port = known && (await isFree(known.port)) ? known.port : await freePort()
  const place: Place = { data, program: programFolder(user), user, logFile: join(home, 'postgres.log'), password, port, isScratch }
  // Before the data, which nothing opens without it.
  writeAccess(home, { port, password })
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise(place, folder)

  const watch = new PostgresWatch(place)
  await watch.start()
  return { url: urlOf(place, 'gatehouse'), stop: () => watch.stop() }
}

/** Keeps one PostgreSQL running until it is told to stop. */
class PostgresWatch {
  #place: Place
  #child: ChildProcess | null = null
  #isStopping = false

  constructor(place: Place) {
    this.#place = place
  }

  async start(): Promise<void> {
    const child = this.#launch()
    try {
      await untilReady(this.#place, child)
      await createDatabase(this.#place)
    } catch (error) {
      await this.stop()
      throw error
    }
    child.once('exit', () => void this.#restart())
  }

  #launch(): ChildProcess {
    this.#child = launch(this.#place)
    return this.#child
  }

  async #restart(): Promise<void> {
    for (let waitMs = 100; !this.#isStopping; waitMs = Math.min(waitMs * 2, 5_000)) {
      log.error('The embedded database stopped by itself and is started again')
      await clearLeftover(this.#place.data)
      if (this.#isStopping) return
      const child = this.#launch()
      try {
        await untilReady(this.#place, child)
        child.once('exit', () => void this.#restart())
        // It may have died between the last answer and the listener.
        if (child.exitCode === null && child.signalCode === null) return
      } catch (error) {
        log.error({ err: error }, 'The embedded database did not come back')
        child.kill('SIGKILL')
      }
      await pause(waitMs)
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    const child = this.#child
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    // PostgreSQL's fast shutdown: it ends sessions, writes a checkpoint and leaves.
    child.kill('SIGINT')
    const impatient = setTimeout(() => child.kill('SIGQUIT'), STOP_WITHIN_MS)
    await gone
    clearTimeout(impatient)
  }
}

function launch({ data, program, user, logFile, port, isScratch }: Place): ChildProcess {
  const settings: Record<string, string> = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    max_connections: '100',
    ...(isScratch ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : {}),
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  if (existsSync(logFile) && statSync(logFile).size > LOG_MAX_BYTES) truncateSync(logFile)
  // A file, and not a pipe: when we are killed it must not die of a broken pipe halfway through a write.
  const output = openSync(logFile, 'a', 0o600)
  try {
    // Detached, else the terminal's Ctrl-C would stop it before the server has drained.
    const child = spawn(join(program, 'bin/postgres'), ['-D', data, ...flags], {
      ...identity(user),
      detached: true,
      stdio: ['ignore', output, output],
    })
    child.on('error', (error) => log.error({ err: error }, 'The embedded database could not be launched'))
    return child
  } finally {
    closeSync(output)
  }
}

/** A clean environment: whatever ours holds is not the database's business. */
const identity = (user: DatabaseUser) => ({
  cwd: '/',
  env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' } as NodeJS.Dict<string> as NodeJS.ProcessEnv,
  ...(user ? { uid: user.uid, gid: user.gid } : {}),
})

/** Creates the data beside its place and moves it there when it is complete, so that a crash leaves no half of it. */
async function initialise({ data, program, user, password, isScratch }: Place, folder: string): Promise<void> {
  const partial = join(folder, 'creating')
  const passwordFile = join(folder, 'password')
  rmSync(partial, { recursive: true, force: true })
  rmSync(passwordFile, { force: true })
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (user) chownSync(passwordFile, user.uid, user.gid)
  const flags = ['-D', partial, '-U', 'gatehouse', `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--encoding=UTF8']
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  try {
    await runToEnd(join(program, 'bin/initdb'), [...flags, ...locale, ...(isScratch ? ['--no-sync'] : [])], user)
  } finally {
    rmSync(passwordFile, { force: true })
  }
  renameSync(partial, data)
}

async function runToEnd(program: string, args: string[], user: DatabaseUser): Promise<void> {
  const child = spawn(program, args, { ...identity(user), stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (code !== 0)
    throw new StartError(`The embedded database could not be created: ${said.trim().split('\n').at(-1) ?? `initdb ended with ${code}`}`)
}

async function untilReady(place: Place, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS
  // A program that cannot be executed has no process id, and no exit code either.
  while (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    if (await answers(place)) return
    if (Date.now() > deadline) throw new StartError(`The embedded database did not answer within a minute; see ${place.logFile}.`)
    await pause(25)
  }
  throw new StartError(`The embedded database did not start; see ${place.logFile}.`)
}

async function answers(place: Place): Promise<boolean> {
  const client = new pg.Client({ connectionString: urlOf(place, 'postgres'), connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

async function createDatabase(place: Place): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf(place, 'postgres') })
  client.on('error', () => {})
  await client.connect()
  try {
    const { rowCount } = await client.query("select 1 from pg_database where datname = 'gatehouse'")
    if (rowCount === 0) await client.query('create database gatehouse')
  } finally {
    await client.end()
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('No port'))))
    })
  })
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
