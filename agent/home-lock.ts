/** One daemon for each home: two would look like two machines with one identity, and write one outbox. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive, startOf } from '#agent/sandbox/processes.ts'

const lockFile = (home: string): string => join(home, 'node/daemon.lock')

/** The process id of the daemon that runs on this home, or null. */
export const daemonOf = (home: string): number | null => holderOf(read(lockFile(home)))

/**
 * Takes the home for this process; a lock that a killed daemon left is taken over.
 * @returns what gives it back; null when another daemon runs there
 */
export const lockHome = (home: string): (() => void) | null => take(lockFile(home))

/** A lock appears whole, contents and all, where there is none. */
function take(file: string): (() => void) | null {
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, `${process.pid} ${startOf(process.pid) ?? ''}`, { mode: 0o600 })
  try {
    return link(draft, file) || takeOver(draft, file) ? () => rmSync(file, { force: true }) : null
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Only who holds the lock over a lock may replace it: of two that find the same one left over, the later sees the former's. */
function takeOver(draft: string, file: string): boolean {
  const left = read(file)
  if (holderOf(left) !== null) return false
  const giveBack = take(`${file}.over`)
  if (!giveBack) return false
  try {
    if (left === null || read(file) !== left) return link(draft, file)
    renameSync(draft, file)
    return true
  } finally {
    giveBack()
  }
}

function link(draft: string, file: string): boolean {
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  }
}

function holderOf(lock: string | null): number | null {
  const [pid = '', startedAt = ''] = lock?.split(' ') ?? []
  // The number alone may have been given to another process since.
  const isHeld = Number(pid) > 0 && Number(pid) !== process.pid && isAlive(Number(pid)) && (startOf(Number(pid)) ?? '') === startedAt
  return isHeld ? Number(pid) : null
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
