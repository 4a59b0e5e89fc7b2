import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { median, pauseMs, percentile, seeded, slope, spreadOf } from '#bin/bench/statistics.ts'

describe('percentile', () => {
  it.each([
    [[1, 2, 3, 4], 0.5, 2],
    [[1, 2, 3, 4], 0.51, 3],
    [[1, 2, 3, 4], 1, 4],
    [[7], 0.99, 7],
    [[7], 0, 7],
  ])('of %j at %d is %d', (sorted, share, expected) => expect(percentile(sorted, share)).toBe(expected))

  it('is a value that so many do not exceed, and no smaller one is', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1 }), fc.double({ min: 0.01, max: 1, noNaN: true }), (values, share) => {
        const found = percentile(
          values.toSorted((a, b) => a - b),
          share,
        )
        expect(values.filter((value) => value <= found).length).toBeGreaterThanOrEqual(values.length * share - 1e-9)
        expect(values.filter((value) => value < found).length).toBeLessThan(values.length * share)
      }),
    )
  })
})

it('sorts by size, not by letters', () => {
  expect(spreadOf([100, 20, 3])).toEqual({ p50: 20, p90: 100, p99: 100, max: 100 })
  expect(median([100, 20, 3])).toBe(20)
  expect(median([1, 100, 20, 3])).toBe(11.5)
})

it('says of nothing that there is nothing', () => {
  expect(median([])).toBeNaN()
  expect(spreadOf([]).p50).toBeNaN()
  expect(slope([])).toBe(0)
})

it('finds how fast a line grows', () => {
  const line = [0, 1, 2, 5].map((at) => ({ at, value: 7 - 3 * at }))
  expect(slope(line)).toBeCloseTo(-3)
  expect(slope([{ at: 1, value: 1 }])).toBe(0)
})

it('makes the same arrivals each time, at the rate that was asked for', () => {
  const pauses = (seed: number) => {
    const random = seeded(seed)
    return Array.from({ length: 20_000 }, () => pauseMs(random, 500))
  }
  expect(pauses(1)).toEqual(pauses(1))
  expect(pauses(1)).not.toEqual(pauses(2))
  const mean = pauses(1).reduce((sum, each) => sum + each, 0) / 20_000
  expect(mean).toBeGreaterThan(1.95)
  expect(mean).toBeLessThan(2.05)
})
