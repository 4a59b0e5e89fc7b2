/** Processes that a benchmark starts: never outlived, however it ends. */
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

export const root = resolve(import.meta.dirname, '../..')

const running = new Set<ChildProcess>()

/** Whoever waits for one of them hears that it ended, and closes what it opened. */
export function endAll(): void {
  for (const child of running) child.kill('SIGKILL')
}
process.on('exit', endAll)

function keep(child: ChildProcess): ChildProcess {
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

export type Started = { file: string; args?: readonly string[]; env?: Record<string, string>; cwd?: string }

/** A program; its standard input is a pipe, whose end tells ours that we are gone. Says nothing unless it fails. */
export function start({ file, args = [], env = {}, cwd = root }: Started): ChildProcess {
  const child = keep(
    spawn(file, [...args], {
      cwd,
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { PATH: process.env['PATH'], ...env } as NodeJS.Dict<string> as NodeJS.ProcessEnv,
    }),
  )
  child.stdin?.on('error', () => {})
  child.stderr?.pipe(process.stderr)
  return child
}

/** A file of ours, by its place in the repository, with a channel. Resolves with the first thing that it says. */
export async function startHelper(file: string): Promise<{ child: ChildProcess; said: unknown }> {
  const child = keep(fork(resolve(root, file), [], { cwd: root, execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }))
  return { child, said: await answerOf(child) }
}

/** What it says next. Rejects when it ends instead. */
export async function answerOf(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController()
  try {
    return await Promise.race([
      once(child, 'message', { signal: ended.signal }).then(([said]) => said as unknown),
      once(child, 'exit', { signal: ended.signal }).then(([code]) => {
        throw new Error(`A process of the benchmark ended with ${String(code)}`)
      }),
    ])
  } finally {
    ended.abort()
  }
}

/** Asks it to go, and ends it when it does not. */
export async function stop(child: ChildProcess, { withinMs = 5_000 } = {}): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const patience = setTimeout(() => child.kill('SIGKILL'), withinMs)
  await exited
  clearTimeout(patience)
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Asks until it answers at all. @throws Error when the process ends first, or is not there in time */
export async function untilItAnswers(child: ChildProcess, url: string, withinMs = 60_000): Promise<void> {
  const deadline = Date.now() + withinMs
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`The process for ${url} ended while it started`)
    try {
      const answer = await fetch(url)
      await answer.body?.cancel()
      if (answer.status < 500) return
    } catch {
      // Not there yet.
    }
    await pause(50)
  }
  throw new Error(`Nothing answered at ${url} within ${withinMs / 1000} s`)
}
