/** `gatehouse node join` and `node run`: this machine as a node of a Gatehouse that runs elsewhere. */
import { spawn } from 'node:child_process'
import { hostname } from 'node:os'
import { demand, readFlags } from '#bin/commands/arguments.ts'
import { env } from '#server/env.ts'
import { prepareHome, serverOf } from '#server/home.ts'
import { daemonEnvironment, daemonProgram, readIdentity, writeIdentity } from '#server/local-daemon.ts'
import { StartError } from '#server/start-error.ts'

type JoinReply = { nodeId: string; token: string; name: string }

export async function joinNode(args: string[]): Promise<number> {
  const string = { type: 'string' } as const
  const flags = readFlags(args, { url: string, token: string, name: string })
  const url = originOf(demand(flags.url, 'url'))
  const { home } = env()
  prepareHome(home)
  if (serverOf(home) !== null)
    throw new StartError('A Gatehouse server runs on this data folder and has its own node: set GATEHOUSE_HOME to another folder.')
  const reply = await askToJoin(url, { token: demand(flags.token, 'token'), name: flags.name ?? hostname() })
  writeIdentity(home, { url, token: reply.token, nodeId: reply.nodeId, name: reply.name })
  console.log(
    `This machine is the node "${reply.name}" now. Its daemon runs until Ctrl-C; "npm run gatehouse -- node run" starts it again.`,
  )
  return runNode([])
}

export async function runNode(args: string[]): Promise<number> {
  readFlags(args, {})
  const own = env()
  const identity = readIdentity(own.home)
  if (!identity) throw new StartError('This machine has not joined: run "npm run gatehouse -- node join" with a link from the page Nodes.')
  const daemon = spawn(process.execPath, [daemonProgram], {
    env: daemonEnvironment({ ...own, url: identity.url, proxyPort: null }) as NodeJS.Dict<string> as NodeJS.ProcessEnv,
    stdio: ['pipe', 'inherit', 'inherit'],
    detached: true,
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => daemon.kill('SIGTERM'))
  return new Promise((resolve, reject) => daemon.once('error', reject).once('exit', (code) => resolve(code ?? 0)))
}

async function askToJoin(url: string, request: { token: string; name: string }): Promise<JoinReply> {
  const answer = await fetch(`${url}/api/nodes/join`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
    redirect: 'manual',
    signal: AbortSignal.timeout(15_000),
  }).catch((error: Error) => {
    throw new StartError(`${url} cannot be reached (${(error.cause as NodeJS.ErrnoException | undefined)?.code ?? error.message}).`)
  })
  if (answer.ok) return (await answer.json()) as JoinReply
  if (answer.status === 403)
    throw new StartError('This join token is unknown, used or older than 15 minutes: make a new one on the page Nodes.')
  throw new StartError(`${url} did not let this machine join: it answered ${answer.status}.`)
}

function originOf(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new StartError('--url must be an address such as https://gatehouse.example.org.')
  return new URL(url).origin
}
