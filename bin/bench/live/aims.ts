/** What is aimed at, beside what was measured. Pure. */
import { spreadOf, type Spread } from '#bin/bench/statistics.ts'

export type Aim = { says: string; limit: number; value: number; isMet: boolean }

/** Milliseconds from the agent's piece to the screen, the daemon's window of 33 ms included. */
const P50_MS = 60
const P99_MS = 150

export function judgeAims(painted: readonly number[]): Aim[] {
  const spread: Spread = spreadOf(painted)
  const aim = (says: string, value: number, limit: number): Aim => ({ says, limit, value, isMet: value < limit })
  return [aim('painted, p50', spread.p50, P50_MS), aim('painted, p99', spread.p99, P99_MS)]
}
