/**
 * Starts one process in a run's sandbox and ends it with everything it left behind.
 * The flags are `bubblewrap.ts`, the way out is `gateway.ts`; which sandbox this
 * machine allows is found by `probe.ts`.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, closeSync, constants, existsSync, lstatSync, mkdirSync, openSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { SandboxReport } from '#core/links/daemon.ts'
import { accountFiles, bubblewrapCommand, type Method, type Mount } from '#agent/sandbox/bubblewrap.ts'
import { inside } from '#agent/sandbox/inside.ts'
import { familyOf, isAlive, markedBy, processesWith, residentBytes } from '#agent/sandbox/processes.ts'
import { newScratch } from '#agent/sandbox/scratch.ts'
import { seccompProgram } from '#agent/sandbox/seccomp.ts'

/** What this machine offers. `method` is null only under the owner's explicit unsafe switch. */
export type Sandbox = { report: SandboxReport; method: Method | null }

export type ConfinedStart = {
  /** The run's own user id on this machine; without effect where the daemon is no root. */
  uid: number
  mounts: readonly { from: string; at: string; mayWrite: boolean }[]
  /** Small read-only files that exist only inside. */
  files: readonly { at: string; contents: string }[]
  /** The run's gateway; null for a process that needs no way out. */
  gatewaySocket: string | null
  environment: Readonly<Record<string, string>>
  cwd: string
  command: readonly [string, ...string[]]
}

export type Confined = {
  readonly pid: number
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Resolves when the process is gone; `error` when it never started. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null; error: string | null }>
  /** Ends the process and all it started; resolves when none of them is left. */
  kill: () => Promise<void>
  residentBytes: () => number
}

/** Marks processes outside any sandbox with their daemon's number, so that a later daemon finds those that an earlier one left. */
export const LEFTOVER_MARK = 'GATEHOUSE_UNCONFINED_RUN'

const limits = { processes: 2048, openFiles: 16_384, fileBytes: 8 * 2 ** 30, temporaryBytes: 2 * 2 ** 30 }
const bridgeFile = fileURLToPath(new URL('./bridge.ts', import.meta.url))
export const mcpBridgeFile = fileURLToPath(new URL('./mcp-bridge.ts', import.meta.url))

export function startConfined(sandbox: Sandbox, start: ConfinedStart): Confined {
  return sandbox.method ? startInside(sandbox.method, start) : startOutside(start)
}

/** Everything that a run needs to read of the host: programs, libraries, certificates. No accounts, no configuration of services. */
function systemPaths(): { path: string; linkTo: string | null }[] {
  const folders = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store']
  const files = [
    'alternatives',
    'ssl',
    'pki',
    'ca-certificates',
    'ld.so.cache',
    'ld.so.conf',
    'ld.so.conf.d',
    'localtime',
    'mime.types',
    'nsswitch.conf',
    'terminfo',
    'bash.bashrc',
  ].map((name) => `/etc/${name}`)
  return [...folders, ...files]
    .filter((path) => existsSync(path))
    .map((path) => {
      const isLink = !path.startsWith('/etc/') && lstatSync(path).isSymbolicLink()
      return { path, linkTo: isLink ? readlinkSync(path) : null }
    })
}

function startInside(method: Method, start: ConfinedStart): Confined {
  const uid = method.is === 'user-namespace' ? process.getuid!() : start.uid
  const scratch = newScratch()
  const opened: number[] = []
  try {
    const accounts = accountFiles(uid)
    const files = [
      { at: '/etc/passwd', contents: accounts.passwd },
      { at: '/etc/group', contents: accounts.group },
      { at: '/etc/hosts', contents: '127.0.0.1 localhost gatehouse\n' },
      ...start.files,
    ]
    const written = files.map(({ at, contents }, index) => {
      const from = join(scratch, String(index))
      writeFileSync(from, contents, { mode: 0o555 })
      return { from, at, mayWrite: false }
    })
    if (method.is === 'uid-and-user-namespace') chownSync(scratch, uid, uid)
    const bridge = [
      { from: bridgeFile, at: inside.bridge, mayWrite: false },
      { from: mcpBridgeFile, at: inside.mcpBridge, mayWrite: false },
    ]
    const socket = start.gatewaySocket ? [{ from: start.gatewaySocket, at: inside.socket, mayWrite: true }] : []
    const node = [{ from: process.execPath, at: inside.node, mayWrite: false }]

    const seccomp = seccompProgram()
    // 0 to 2 are the pipes, 3 is bubblewrap's report.
    const seccompDescriptor = seccomp ? 4 : null
    if (seccomp) opened.push(openSync(withContents(scratch, seccomp), constants.O_RDONLY))
    const mounts: Mount[] = [...node, ...bridge, ...written, ...start.mounts, ...socket]
    const command = start.gatewaySocket ? [inside.node, inside.bridge, 'run', ...start.command] : start.command
    const [program, ...args] = bubblewrapCommand({
      method,
      uid,
      system: systemPaths(),
      mounts,
      cwd: start.cwd,
      command,
      seccompDescriptor,
      infoDescriptor: 3,
      limits,
    })
    const child = spawn(program, args, {
      env: start.environment as NodeJS.ProcessEnv,
      cwd: '/',
      stdio: ['pipe', 'pipe', 'pipe', 'pipe', ...opened],
    })
    return confined(child, initOf(child), () => rmSync(scratch, { recursive: true, force: true }))
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true })
    throw error
  } finally {
    for (const descriptor of opened) closeSync(descriptor)
  }
}

function withContents(scratch: string, contents: Buffer): string {
  const path = join(scratch, 'seccomp')
  writeFileSync(path, contents)
  return path
}

/** The process id, on the host, of the first process in the sandbox: when it is gone, so is every other. */
function initOf(child: ChildProcess): Promise<number | null> {
  const report = child.stdio[3] as Readable
  return new Promise((resolve) => {
    let text = ''
    report.on('data', (piece: Buffer) => {
      text += String(piece)
      const found = /"child-pid":\s*(\d+)/.exec(text)
      if (found) resolve(Number(found[1]))
    })
    report.on('error', () => resolve(null))
    // Ended before it said anything: there is no sandbox to wait for.
    child.once('close', () => resolve(null))
  })
}

function startOutside(start: ConfinedStart): Confined {
  const [program, ...args] = start.command
  const mark = `${process.pid}.${Math.random().toString(36).slice(2)}`
  const child = spawn(program, args, {
    env: { ...start.environment, [LEFTOVER_MARK]: mark } as unknown as NodeJS.ProcessEnv,
    cwd: start.cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  const base = confined(child, Promise.resolve(null), () => {})
  return { ...base, kill: () => killMarked(base, `${LEFTOVER_MARK}=${mark}`) }
}

/** Without a namespace, what left the group and its parent is found by its environment. */
async function killMarked(base: Confined, mark: string): Promise<void> {
  const end = Date.now() + 5_000
  for (;;) {
    const left = new Set([...(isAlive(base.pid) ? familyOf(base.pid) : []), ...processesWith(mark)])
    if (left.size === 0 || Date.now() > end) break
    for (const pid of left) signal(pid, 'SIGKILL')
    await delay(20)
  }
  await base.exited
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // Gone in the meantime.
  }
}

function confined(child: ChildProcess, init: Promise<number | null>, forget: () => void): Confined {
  const exited = new Promise<Awaited<Confined['exited']>>((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, error: error.message }))
    child.once('exit', (code, name) => resolve({ code, signal: name, error: null }))
  })
  void exited.then(forget)
  const { stdin, stdout, stderr } = child
  if (!stdin || !stdout || !stderr) throw new Error('a confined process needs its three pipes')
  // A broken pipe is learned from the exit; unheard it would end the daemon.
  stdin.on('error', () => {})
  return {
    pid: child.pid ?? 0,
    stdin,
    stdout,
    stderr,
    exited,
    residentBytes: () => (child.pid ? residentBytes(child.pid) : 0),
    kill: async () => {
      if (child.pid && child.exitCode === null && child.signalCode === null) signal(child.pid, 'SIGKILL')
      await exited
      const first = await init
      while (first !== null && isAlive(first)) await delay(5)
    },
  }
}

/** Runs a short command to its end; the output is cut at `maxBytes`. */
export async function runConfined(
  sandbox: Sandbox,
  start: ConfinedStart,
  {
    timeoutMs,
    maxBytes,
    signal: abort,
    input,
    onStderr,
  }: { timeoutMs: number; maxBytes: number; signal?: AbortSignal; input?: string; onStderr?: (text: string) => void },
): Promise<{ code: number | null; stdout: string; stderr: string; isCut: boolean }> {
  const process = startConfined(sandbox, start)
  process.stdin.end(input)
  if (onStderr) process.stderr.on('data', (piece: Buffer) => onStderr(String(piece)))
  const timer = setTimeout(() => void process.kill(), timeoutMs)
  const stop = (): void => void process.kill()
  abort?.addEventListener('abort', stop, { once: true })
  if (abort?.aborted) stop()
  try {
    const [stdout, stderr, { code, error }] = await Promise.all([
      collect(process.stdout, maxBytes),
      collect(process.stderr, 64_000),
      process.exited,
    ])
    return { code, stdout: stdout.text, stderr: error ?? stderr.text, isCut: stdout.isCut }
  } finally {
    clearTimeout(timer)
    abort?.removeEventListener('abort', stop)
    await process.kill()
  }
}

async function collect(stream: Readable, maxBytes: number): Promise<{ text: string; isCut: boolean }> {
  const pieces: Buffer[] = []
  let bytes = 0
  stream.on('data', (piece: Buffer) => {
    if (bytes < maxBytes) pieces.push(piece)
    bytes += piece.length
  })
  if (!stream.closed) await once(stream, 'close')
  return { text: Buffer.concat(pieces).subarray(0, maxBytes).toString('utf8'), isCut: bytes > maxBytes }
}

/** Kills what an earlier daemon without a sandbox left behind; inside a sandbox everything dies with its daemon. */
export function killLeftovers(): number {
  const left = markedBy(LEFTOVER_MARK).filter(({ value }) => !isAlive(Number.parseInt(value, 10)))
  for (const { pid } of left) signal(pid, 'SIGKILL')
  return left.length
}

/** Makes a private folder for a run's user. */
export function makePrivateFolder(path: string, uid: number | null): void {
  mkdirSync(dirname(path), { recursive: true })
  mkdirSync(path, { recursive: true, mode: 0o700 })
  if (uid !== null && process.getuid?.() === 0) chownSync(path, uid, uid)
}
