/** What /proc says about a process and everything that came from it. Linux only; elsewhere it knows nothing. */
import { readdirSync, readFileSync } from 'node:fs'

type Row = { pid: number; parent: number; residentPages: number }

const PAGE_BYTES = 4096

function row(pid: number): Row | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in brackets may hold anything, brackets too.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z') return { pid, parent: Number(fields[1]), residentPages: 0 }
    return { pid, parent: Number(fields[1]), residentPages: Number(fields[21]) }
  } catch {
    return null
  }
}

function allRows(): Row[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => row(Number(name)) ?? [])
  } catch {
    return []
  }
}

/** The process and its descendants, itself first. */
export function familyOf(pid: number): number[] {
  const rows = allRows()
  const family = [pid]
  for (const each of family) for (const { pid: child, parent } of rows) if (parent === each && !family.includes(child)) family.push(child)
  return family
}

export function residentBytes(pid: number): number {
  return familyOf(pid).reduce((sum, each) => sum + (row(each)?.residentPages ?? 0), 0) * PAGE_BYTES
}

/** A process that has ended and only waits to be reaped counts as gone: nothing of it runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return !isZombie(pid)
}

/** When a living process started, in whatever unit the system counts; null for one that is gone, or where it does not tell. */
export function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return ['Z', 'X'].includes(stat[stat.lastIndexOf(')') + 2] ?? '')
  } catch {
    return false
  }
}

/** Processes that have this variable, with its value: finds children that left their group and their parent. */
export function markedBy(name: string): { pid: number; value: string }[] {
  return allRows().flatMap(({ pid }) => {
    try {
      const entry = readFileSync(`/proc/${pid}/environ`, 'latin1')
        .split('\0')
        .find((each) => each.startsWith(`${name}=`))
      return entry === undefined || isZombie(pid) ? [] : [{ pid, value: entry.slice(name.length + 1) }]
    } catch {
      return []
    }
  })
}

export function processesWith(entry: string): number[] {
  const [name = '', value] = entry.split('=')
  return markedBy(name).flatMap((each) => (each.value === value ? [each.pid] : []))
}
