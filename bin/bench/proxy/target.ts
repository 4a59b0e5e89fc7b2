/** What is measured: something on a port that brings a request to the stub and the answer back. */
import type { Call } from '#bin/bench/proxy/load.ts'

export type Target = {
  name: TargetName
  version: string
  /** Used in turn; none needs to know of another. */
  calls: readonly Call[]
  /** Whose CPU and memory are counted; empty for no process at all. */
  pids(): readonly number[]
  /** Whose work it also causes: the database. */
  besidesPids(): readonly number[]
  /** Whether it has done, as far as one can see, what it put off for later. */
  isDone(): Promise<boolean>
  stop(): Promise<void>
}

/** Why there is none of it here, in a sentence; a benchmark goes on without it. */
export class Unavailable extends Error {}

export const targetNames = ['direct', 'nginx', 'node', 'portkey', 'gatehouse', 'server', 'other'] as const
export type TargetName = (typeof targetNames)[number]

export const direct = (stubPort: number): Target => ({
  name: 'direct',
  version: 'no process between',
  calls: [{ port: stubPort, path: '/v1/chat/completions', headers: { authorization: 'Bearer sk-loopback' } }],
  pids: () => [],
  besidesPids: () => [],
  isDone: async () => true,
  stop: async () => {},
})
