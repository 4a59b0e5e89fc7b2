/**
 * The real server as a process of its own, with a home folder of its own; the server
 * starts its database and its daemon by itself. `world.ts` puts people into it.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { endLeftovers, processesOf } from '#e2e/world/processes.ts'
import { until } from '#e2e/world/wait.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
/** Harness programs are large and pinned: all worlds share one folder of them. */
export const harnessDir = path.join(root, '.test/harnesses')

export type ServerProcess = {
  readonly url: string
  readonly port: number
  readonly home: string
  readonly child: ChildProcess
  /** Everything it has printed so far. */
  log(): string
  /** Resolves when it has printed something that matches. */
  printed(pattern: RegExp, withinMs?: number): Promise<RegExpExecArray>
  ready(withinMs?: number): Promise<void>
  /** How it ended: exit code, or the signal's name. */
  ended(withinMs?: number): Promise<number | string>
  /** As Ctrl-C would. */
  stop(): Promise<number | string>
}

export type ServerOptions = {
  home: string
  port: number
  env?: Record<string, string>
  /** What Node runs; `bin/start.mjs` is what `npm start` runs, and builds the pages when they changed. */
  entry?: 'server/main.ts' | 'bin/start.mjs'
}

export function newHome(): string {
  const home = mkdtempSync(path.join(tmpdir(), 'gatehouse-world-'))
  // The users of database and agents have to pass through it when we are root.
  chmodSync(home, 0o711)
  return home
}

export function removeHome(home: string): void {
  endLeftovers(home)
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** The environment of our own processes: nothing of the developer's configuration reaches a world. */
export function worldEnvironment({ home, port, env = {} }: ServerOptions): NodeJS.ProcessEnv {
  const own = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(GATEHOUSE_|DATABASE_URL|REDIS_URL|PORT|HOST|npm_|PLAYWRIGHT_|NODE_OPTIONS)/.test(name),
    ),
  )
  return {
    ...own,
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    HOST: '127.0.0.1',
    PORT: String(port),
    GATEHOUSE_HOME: home,
    GATEHOUSE_TESTING: '1',
    GATEHOUSE_HARNESS_DIR: harnessDir,
    GATEHOUSE_CANCEL_GRACE_MS: '2000',
    ...env,
  } as NodeJS.ProcessEnv
}

export function startServer(options: ServerOptions): ServerProcess {
  mkdirSync(harnessDir, { recursive: true })
  // Detached, so that a Ctrl-C in our terminal reaches it once, through `stop`, and not twice.
  const child = spawn(process.execPath, [options.entry ?? 'server/main.ts'], {
    cwd: root,
    env: worldEnvironment(options),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)
  child.once('exit', () => process.off('exit', killWithUs))
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  const end = new Promise<number | string>((resolve) => {
    child.on('error', (error) => {
      text += String(error)
      resolve('error')
    })
    child.on('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'))
  })
  const url = `http://127.0.0.1:${options.port}`
  const log = () => text
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null

  return {
    url,
    port: options.port,
    home: options.home,
    child,
    log,
    printed: (pattern, withinMs = 60_000) =>
      until(() => pattern.exec(text), { what: `the server prints ${pattern}`, withinMs, describe: log }),
    ready: async (withinMs = 120_000) => {
      await until(
        async () => {
          if (hasEnded()) throw new Error(`The server ended before it was ready:\n${text}`)
          return (await fetch(`${url}/api/health`).catch(() => null))?.ok
        },
        { what: 'the server is ready', withinMs, describe: log },
      )
    },
    ended: async (withinMs = 30_000) => {
      await until(hasEnded, { what: 'the server ends', withinMs, describe: log })
      return end
    },
    async stop() {
      if (!hasEnded()) child.kill('SIGINT')
      const how = await this.ended()
      await until(() => processesOf(options.home).length === 0, {
        what: 'nothing of the server is left',
        withinMs: 15_000,
        describe: () =>
          processesOf(options.home)
            .map((each) => `${each.pid} ${each.command}`)
            .join('\n'),
      })
      return how
    },
  }
}
