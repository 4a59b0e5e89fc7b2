/** What processes cost, from `/proc`: CPU time and resident memory, children included. Linux only. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

let tickMs: number | undefined
const msPerTick = (): number => (tickMs ??= 1000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })))

/** Empty when the file is gone, as the process may be. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** A process and everything under it. */
export function familyOf(pid: number): number[] {
  let threads: string[] = []
  try {
    threads = readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
  const children = threads.flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number))
  return [pid, ...children.flatMap(familyOf)]
}

/** User and system time since they began, of all threads and of children that have ended; 0 of what is gone. */
export function cpuMs(pids: readonly number[]): number {
  // The name, which may hold spaces, ends at the last bracket; the four times are the 12th to 15th field behind it.
  const ticks = pids.map((pid) => read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ').slice(11, 15).map(Number) ?? [])
  return ticks.flat().reduce((sum, each) => sum + each, 0) * msPerTick()
}

export function rssBytes(pids: readonly number[]): number {
  const kilobytes = pids.map((pid) => Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0))
  return kilobytes.reduce((sum, each) => sum + each, 0) * 1024
}

export const parentOf = (pid: number): number => Number(/^PPid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0)
