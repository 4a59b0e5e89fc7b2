/**
 * What a PostgreSQL leaves behind when our process was killed: itself, still running, or
 * a pid file of a process that is no more. Either way the next start must not be blocked.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { log } from '#server/log.ts'

const pidFile = (data: string) => join(data, 'postmaster.pid')

export const isPidFileGone = (data: string): boolean => !existsSync(pidFile(data))

/** Stops a PostgreSQL that still runs on `data`, so that the one we start is our own child and can be watched over. */
export async function clearLeftover(data: string): Promise<void> {
  const pid = readPid(data)
  if (pid === null) return
  if (!isPostgresOn(pid, data)) {
    // Its number may belong to another process by now, which PostgreSQL itself would take for a postmaster.
    rmSync(pidFile(data), { force: true })
    await untilBackendsLeft(data)
    return
  }
  log.info({ pid }, 'Stopping the database that an earlier server left running')
  process.kill(pid, 'SIGINT')
  const deadline = Date.now() + 20_000
  while (!isPidFileGone(data) && isPostgresOn(pid, data)) {
    if (Date.now() > deadline) process.kill(pid, 'SIGQUIT')
    if (Date.now() > deadline + 5_000) break
    await pause(20)
  }
  rmSync(pidFile(data), { force: true })
}

/** After the postmaster was killed alone, its children notice within moments; until then its shared memory is taken. */
async function untilBackendsLeft(data: string): Promise<void> {
  const deadline = Date.now() + 10_000
  while (Date.now() < deadline && processesOn(data).length > 0) await pause(50)
}

function readPid(data: string): number | null {
  if (isPidFileGone(data)) return null
  const pid = Number(readFileSync(pidFile(data), 'utf8').split('\n')[0])
  return Number.isInteger(pid) && pid > 1 ? pid : null
}

const isPostgresOn = (pid: number, data: string): boolean => {
  const command = commandOf(pid)
  return command.includes('postgres') && command.includes(data)
}

function commandOf(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    return execFileSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' })
  } catch {
    return ''
  }
}

/** Backends rename themselves to "postgres: …" and are found by their working directory, which is the data folder. */
function processesOn(data: string): number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && workingFolderOf(name) === data)
    .map(Number)
}

function workingFolderOf(pid: string): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return null
  }
}
