/** Sums for the usage page: what a chart draws and what a list ranks. */
import type { Outputs } from '#components/trpc/trpc.ts'

export type Summary = Outputs['usage']['summary']
type Totals = Summary['totals']
export type DayPoint = { day: string; costMicros: number; tokens: number; requests: number }
export type Ranked = { key: string; name: string; note: string | null; totals: Totals; share: number }

export const allTokens = (totals: Pick<Totals, 'inputTokens' | 'outputTokens' | 'cacheReadTokens' | 'cacheWriteTokens'>): number =>
  totals.inputTokens + totals.outputTokens + totals.cacheReadTokens + totals.cacheWriteTokens

/** One point for each of the last `days` days up to `today` (YYYY-MM-DD, as the server counts days), also for those without any use. */
export function dayPoints(byDay: Summary['byDay'], { days, today }: { days: number; today: string }): DayPoint[] {
  const known = new Map(byDay.map((each) => [each.day, each]))
  const last = Date.parse(`${today}T00:00:00Z`)
  return Array.from({ length: days }, (_, index) => {
    const day = new Date(last - (days - 1 - index) * 86_400_000).toISOString().slice(0, 10)
    const found = known.get(day)
    return { day, costMicros: found?.costMicros ?? 0, tokens: found ? allTokens(found) : 0, requests: found?.requests ?? 0 }
  })
}

/** The dearest first; where nothing has a price, the biggest. `share` is of the first, for the length of a bar. */
export function ranked<T extends Totals>(
  rows: readonly T[],
  describe: (row: T) => { key: string; name: string; note?: string | null },
): Ranked[] {
  const isPriced = rows.some((each) => each.costMicros > 0)
  const sizeOf = (row: T) => (isPriced ? row.costMicros : allTokens(row))
  const sorted = [...rows].sort((a, b) => sizeOf(b) - sizeOf(a))
  const biggest = sorted[0] ? sizeOf(sorted[0]) : 0
  return sorted.map((row) => ({ note: null, ...describe(row), totals: row, share: biggest > 0 ? sizeOf(row) / biggest : 0 }))
}

/** How much of what was read came from the provider's cache; null when nothing was read. */
export function cacheShare({ inputTokens, cacheReadTokens, cacheWriteTokens }: Totals): number | null {
  const read = inputTokens + cacheReadTokens + cacheWriteTokens
  return read > 0 ? cacheReadTokens / read : null
}
