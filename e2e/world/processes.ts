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

type Stat = { state: string; parent: number }

/** `/proc/<pid>/stat` after the name, which may hold anything. */
function statOf(pid: number): Stat | null {
  const stat = read(`/proc/${pid}/stat`)
  if (stat === '') return null
  const [state = '', parent = '0'] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state, parent: Number(parent) }
}

/**
 * Every process, this one aside, that mentions `mark`, and what these started: inside
 * its sandbox an agent sees other paths than the host's.
 */
export function processesOf(mark: string): Found[] {
  const found = new Map<number, Found>()
  const parents = new Map<number, number>()
  for (const pid of readdirSync('/proc').map(Number)) {
    const stat = pid > 0 && pid !== process.pid ? statOf(pid) : null
    // A zombie has ended and only waits to be reaped, which PID 1 of a container may do late.
    if (!stat || stat.state === 'Z') continue
    parents.set(pid, stat.parent)
    const command = read(`/proc/${pid}/cmdline`)
    if (command.includes(mark) || environmentOf(pid).includes(mark)) found.set(pid, { pid, command: command.trim() })
  }
  const isBelow = (pid: number): boolean => found.has(pid) || (parents.has(pid) && isBelow(parents.get(pid)!))
  for (const pid of parents.keys()) {
    if (!found.has(pid) && isBelow(pid)) found.set(pid, { pid, command: read(`/proc/${pid}/cmdline`).trim() })
  }
  return [...found.values()]
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
