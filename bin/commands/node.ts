/** `gatehouse node join`, `node run` and `node drain`: this machine as a node of a Gatehouse that runs elsewhere. */
import { spawn } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { daemonOf } from '#agent/home-lock.ts'
import { enrol, EnrolmentError, readIdentity } from '#agent/identity.ts'
import { demand, readFlags } from '#bin/commands/arguments.ts'
import { env } from '#server/env.ts'
import { prepareHome, serverOf } from '#server/home.ts'
import { daemonEnvironment, daemonProgram } from '#server/local-daemon.ts'
import { StartError } from '#server/start-error.ts'

/** Below what service managers usually wait before they kill. */
const DRAIN_MS = 60_000

export async function joinNode(args: string[]): Promise<number> {
  const string = { type: 'string' } as const
  const flags = readFlags(args, { url: string, token: string })
  const url = originOf(demand(flags.url, 'url'))
  const { home } = env()
  prepareHome(home)
  if (serverOf(home) !== null)
    throw new StartError('A Gatehouse server runs on this data folder and has its own node: set GATEHOUSE_HOME to another folder.')
  demandNoDaemon(home)
  const { name } = await enrol({ home, url, token: demand(flags.token, 'token') }).catch((error: unknown) => {
    throw error instanceof EnrolmentError ? new StartError(inWords(url, error)) : error
  })
  console.log(`This machine is the node "${name}" now. Its daemon runs until Ctrl-C; "npm run gatehouse -- node run" starts it again.`)
  return runNode([])
}

function inWords(url: string, { status, message }: EnrolmentError): string {
  if (status === null) return `${url} cannot be reached (${message}).`
  if (status === 403) return 'This join token is unknown, used or older than 15 minutes: make a new one on the page Nodes.'
  return `${url} did not let this machine join: ${message}.`
}

export async function runNode(args: string[]): Promise<number> {
  readFlags(args, {})
  const own = env()
  const identity = readIdentity(own.home)
  if (!identity) throw new StartError('This machine has not joined: run "npm run gatehouse -- node join" with a link from the page Nodes.')
  demandNoDaemon(own.home)
  const daemon = spawn(process.execPath, [daemonProgram], {
    env: {
      GATEHOUSE_DRAIN_MS: String(DRAIN_MS),
      ...daemonEnvironment({ ...own, url: identity.url, proxyPort: null }),
    } as NodeJS.Dict<string> as NodeJS.ProcessEnv,
    stdio: ['pipe', 'inherit', 'inherit'],
    detached: true,
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => daemon.kill('SIGTERM'))
  return new Promise((resolve, reject) => daemon.once('error', reject).once('exit', (code) => resolve(code ?? 0)))
}

/** Turns that run may end by themselves within a minute, then the daemon stops; its chats wait for it, or go on elsewhere. */
export async function drainNode(args: string[]): Promise<number> {
  readFlags(args, {})
  const { home } = env()
  const pid = daemonOf(home)
  if (pid === null) {
    console.log('No daemon runs here.')
    return 0
  }
  console.log('No new work from now on; turns that run have a minute to end.')
  process.kill(pid, 'SIGTERM')
  while (daemonOf(home) === pid) await pause(200)
  console.log('Drained: safe to stop.')
  return 0
}

function demandNoDaemon(home: string): void {
  const pid = daemonOf(home)
  if (pid !== null)
    throw new StartError(`A daemon (process ${pid}) runs on ${home}: stop it first, or set GATEHOUSE_HOME to another folder.`)
}

function originOf(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new StartError('--url must be an address such as https://gatehouse.example.org.')
  return new URL(url).origin
}
