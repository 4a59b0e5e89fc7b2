/** Numbers about numbers. Pure. */

/** Milliseconds. */
export type Spread = { p50: number; p90: number; p99: number; max: number }

/** By nearest rank: the smallest value that so many of all do not exceed. NaN of nothing. */
export function percentile(sorted: Float64Array | readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).toSorted()
  return { p50: percentile(sorted, 0.5), p90: percentile(sorted, 0.9), p99: percentile(sorted, 0.99), max: percentile(sorted, 1) }
}

/** Of an even number, the mean of the two in the middle. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

/** How fast something grows: the slope of the line that fits best. Zero of fewer than two points. */
export function slope(points: readonly { at: number; value: number }[]): number {
  const mean = (pick: (point: { at: number; value: number }) => number) => points.reduce((sum, each) => sum + pick(each), 0) / points.length
  const middle = { at: mean(({ at }) => at), value: mean(({ value }) => value) }
  const spread = points.reduce((sum, { at }) => sum + (at - middle.at) ** 2, 0)
  if (points.length < 2 || spread === 0) return 0
  return points.reduce((sum, { at, value }) => sum + (at - middle.at) * (value - middle.value), 0) / spread
}

/** A source of numbers in [0, 1) that are the same in each run, so that every target meets the same arrivals. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The pause until the next of arrivals that know nothing of each other (a Poisson process), in milliseconds. */
export const pauseMs = (random: () => number, perSecond: number): number => (-Math.log(1 - random()) * 1000) / perSecond
