/**
 * Processes of one world: what was started for its home folder, found by that folder's
 * unique name in their command lines and environments. Linux only; elsewhere nothing is found.
 */
import { readdirSync, readFileSync } from 'node:fs'

export type Found = { pid: number; command: string }

const read = (file: string): string => {
  try {
    return readFileSync(file, 'latin1').replaceAll('\0', ' ')
  } catch {
    return '' // gone, or not ours to read
  }
}

/** A zombie has ended and only waits to be reaped, which PID 1 of a container may do late. */
const hasEnded = (pid: number): boolean => {
  const stat = read(`/proc/${pid}/stat`)
  return stat === '' || stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) === 'Z'
}

/** Every process, this one aside, that mentions `mark`. */
export function processesOf(mark: string): Found[] {
  const pids = readdirSync('/proc')
    .filter((each) => /^\d+$/.test(each))
    .map(Number)
  const found: Found[] = []
  for (const pid of pids) {
    if (pid === process.pid || hasEnded(pid)) continue
    const command = read(`/proc/${pid}/cmdline`)
    if (command.includes(mark) || read(`/proc/${pid}/environ`).includes(mark)) found.push({ pid, command: command.trim() })
  }
  return found
}

/** The environment of a process, for looking for secrets in it. */
export const environmentOf = (pid: number): string => read(`/proc/${pid}/environ`)

/** Ends what a world left behind; what it ends is told, since a world that stops cleanly leaves nothing. */
export function endLeftovers(mark: string): Found[] {
  const left = processesOf(mark)
  for (const { pid } of left) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended by itself meanwhile.
    }
  }
  return left
}
