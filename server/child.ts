/** A process of ours that is kept running: started again when it ends, later and later while it keeps ending. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { log } from '#server/log.ts'

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 30_000
/** Whoever ran this long did start; the next failure is a new one. */
const STEADY_MS = 60_000

export type ChildOptions = {
  name: string
  /** A TypeScript or JavaScript file, run by our own Node. */
  file: string
  /** The whole of its environment. */
  env: Readonly<Record<string, string>>
  cwd: string
  /** How long it may take to end once it was asked. */
  patienceMs: number
  /** Where its number is kept, so that the next server finds it when this one is killed. */
  pidFile: string
}

export class KeptChild {
  #options: ChildOptions
  #child: ChildProcess | null = null
  #timer: NodeJS.Timeout | null = null
  #waitMs = FIRST_WAIT_MS
  #isStopping = false

  constructor(options: ChildOptions) {
    this.#options = options
  }

  /** Ends what an earlier server left running, then starts it. */
  async start(): Promise<void> {
    await endLeftover(this.#options)
    if (!this.#isStopping) this.#launch()
  }

  #launch(): void {
    const { name, file, env, cwd, pidFile } = this.#options
    const startedAt = Date.now()
    // Detached: the terminal's Ctrl-C is for us, and we tell it when its turn has come.
    // The pipe is how it notices that we are gone, however we went.
    const child = spawn(process.execPath, [file], {
      cwd,
      env: { ...env } as NodeJS.Dict<string> as NodeJS.ProcessEnv,
      detached: true,
      stdio: ['pipe', 'inherit', 'inherit'],
    })
    this.#child = child
    child.stdin?.on('error', () => {})
    child.on('error', (error) => log.error({ err: error, name }, 'A process of ours could not be started'))
    child.once('spawn', () => writeFileSync(pidFile, String(child.pid)))
    child.once('close', (code, signal) => {
      this.#child = null
      if (this.#isStopping) return
      if (Date.now() - startedAt > STEADY_MS) this.#waitMs = FIRST_WAIT_MS
      log.error({ name, code, signal, againInMs: this.#waitMs }, 'A process of ours ended and is started again')
      this.#timer = setTimeout(() => this.#launch(), this.#waitMs)
      this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS)
    })
  }

  /** Ends it without asking. */
  kill(): void {
    this.#child?.kill('SIGKILL')
  }

  /** Asks it to end and waits until it has. */
  async stop(): Promise<void> {
    this.#isStopping = true
    if (this.#timer) clearTimeout(this.#timer)
    const child = this.#child
    if (!child) return
    const gone = once(child, 'close')
    child.kill('SIGTERM')
    const impatient = setTimeout(() => child.kill('SIGKILL'), this.#options.patienceMs)
    await gone
    clearTimeout(impatient)
    rmSync(this.#options.pidFile, { force: true })
  }
}

async function endLeftover({ name, file, pidFile, patienceMs }: ChildOptions): Promise<void> {
  mkdirSync(dirname(pidFile), { recursive: true, mode: 0o711 })
  const pid = readPid(pidFile)
  for (let waitedMs = 0; runs(pid, file); waitedMs += 50) {
    if (waitedMs === 0) log.info({ name, pid }, 'Ending a process that an earlier server left running')
    if (waitedMs === 0 || waitedMs >= patienceMs) process.kill(pid, waitedMs === 0 ? 'SIGTERM' : 'SIGKILL')
    await pause(50)
  }
}

function readPid(pidFile: string): number {
  try {
    return Number(readFileSync(pidFile, 'utf8'))
  } catch {
    return 0
  }
}

/** By its command, since the number alone may belong to another process by now. */
function runs(pid: number, file: string): boolean {
  try {
    return pid > 1 && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(file)
  } catch {
    return false
  }
}
