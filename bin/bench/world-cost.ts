/** What each part of a world costs, by what its processes are. Linux only. */
import { cpuMs, familyOf } from '#bin/bench/process-cost.ts'
import { processesOf } from '#e2e/world/processes.ts'
import type { ServerProcess } from '#e2e/world/server.ts'

export type Costs = { part: 'server' | 'PostgreSQL' | 'daemon' | 'agents'; ms: number }[]

/** CPU time since they began. */
export function cpuOf({ child, home }: Pick<ServerProcess, 'child' | 'home'>): Costs {
  const found = processesOf(home)
  const all = new Map(found.map(({ pid, command }) => [pid, command]))
  for (const pid of familyOf(child.pid!)) if (!all.has(pid)) all.set(pid, '')
  const parts = { server: [] as number[], PostgreSQL: [] as number[], daemon: [] as number[], agents: [] as number[] }
  for (const [pid, command] of all) parts[pid === child.pid ? 'server' : partOf(command)].push(pid)
  return Object.entries(parts).map(([part, pids]) => ({ part: part as Costs[number]['part'], ms: cpuMs(pids) }))
}

function partOf(command: string): 'PostgreSQL' | 'daemon' | 'agents' {
  if (/postgres/.test(command)) return 'PostgreSQL'
  return /agent\/main\.ts/.test(command) ? 'daemon' : 'agents'
}
