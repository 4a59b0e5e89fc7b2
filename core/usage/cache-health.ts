/**
 * What prompt caches gave, and what was paid because they did not. A token that a cache gives costs a tenth or less of one
 * that is read afresh; agents repeat almost everything they send, so this is where most of a bill is decided.
 */
import type { Price, Rates } from '#core/models/model.ts'
import { addSums, cacheShare, noSums, readTokens, type UsageSums } from '#core/usage/sums.ts'

/** What one group of requests to one model used. `key` is what the report is by. */
export type CacheLine = { key: string; price: Price | null; sums: UsageSums }

export type CacheHealth = {
  key: string
  requests: number
  readTokens: number
  cacheReadTokens: number
  cacheWriteTokens: number
  /** From 0 to 1; null when nothing was read. */
  share: number | null
  /** What a million tokens cost more when no cache gives them: of one model, else null. */
  missMicrosPerMillion: number | null
  /**
   * What the freshly read tokens cost more than cached ones would have. The most that caching could save: what is new in a
   * conversation is never in a cache. Null when no price is known.
   */
  missMicros: number | null
}

const ratesOf = (price: Price): readonly Rates[] => [price, ...(price.tiers ?? [])]

/** By how much a token costs more that no cache gives, in micros per million; the least of a price's tiers, so that nothing is overstated. */
export const missRate = (price: Price): number => Math.max(0, Math.min(...ratesOf(price).map((rates) => rates.input - rates.cacheRead)))

const missMicrosOf = ({ price, sums }: CacheLine): number | null =>
  price === null ? null : Math.round((sums.inputTokens * missRate(price)) / 1_000_000)

/** One entry for each key, the dearest misses first, then the most that was read. */
export function cacheHealth(lines: readonly CacheLine[]): CacheHealth[] {
  return [...Map.groupBy(lines, (line) => line.key)].map(([key, own]) => healthOf(key, own)).sort(dearestFirst)
}

const dearestFirst = (a: CacheHealth, b: CacheHealth): number => (b.missMicros ?? -1) - (a.missMicros ?? -1) || b.readTokens - a.readTokens

export function healthOf(key: string, lines: readonly CacheLine[]): CacheHealth {
  const sums = lines.reduce((sum, line) => addSums(sum, line.sums), noSums)
  const misses = lines.map(missMicrosOf).filter((each) => each !== null)
  const rates = new Set(lines.map(({ price }) => price && missRate(price)))
  return {
    key,
    requests: sums.requests,
    readTokens: readTokens(sums),
    cacheReadTokens: sums.cacheReadTokens,
    cacheWriteTokens: sums.cacheWriteTokens,
    share: cacheShare(sums),
    missMicrosPerMillion: rates.size === 1 ? [...rates][0]! : null,
    missMicros: misses.length === 0 ? null : misses.reduce((sum, each) => sum + each, 0),
  }
}
