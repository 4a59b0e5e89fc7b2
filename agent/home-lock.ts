/** One daemon for each home: two would look like two machines with one identity, and write one outbox. */
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive, startOf } from '#agent/sandbox/processes.ts'

const lockFile = (home: string): string => join(home, 'node/daemon.lock')

/** The process id of the daemon that runs on this home, or null. */
export function daemonOf(home: string): number | null {
  try {
    const [pid = '', startedAt = ''] = readFileSync(lockFile(home), 'utf8').split(' ')
    // The number alone may have been given to another process since.
    const isHeld = Number(pid) !== process.pid && isAlive(Number(pid)) && (startOf(Number(pid)) ?? '') === startedAt
    return isHeld ? Number(pid) : null
  } catch {
    return null
  }
}

/**
 * Takes the home for this process; a lock that a killed daemon left is taken over.
 * @returns what gives it back; null when another daemon runs there
 */
export function lockHome(home: string): (() => void) | null {
  if (daemonOf(home) !== null) return null
  rmSync(lockFile(home), { force: true })
  const descriptor = openSync(lockFile(home), 'wx', 0o600)
  writeSync(descriptor, `${process.pid} ${startOf(process.pid) ?? ''}`)
  closeSync(descriptor)
  return () => rmSync(lockFile(home), { force: true })
}
