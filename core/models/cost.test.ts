import { expect, it } from 'vitest'
import { costMicros } from '#core/models/cost.ts'
import type { Price } from '#core/models/model.ts'
import { noTokens } from '#core/models/usage.ts'

/** $5 / $25 / $0.50 / $6.25 per million tokens. */
const price: Price = { input: 5_000_000, output: 25_000_000, cacheRead: 500_000, cacheWrite: 6_250_000 }
const tiered: Price = {
  ...price,
  tiers: [{ inputTokensAbove: 200_000, input: 10_000_000, output: 37_500_000, cacheRead: 1_000_000, cacheWrite: 12_500_000 }],
}

it('prices each kind of token by its own rate', () => {
  expect(
    costMicros(price, { inputTokens: 1_000, outputTokens: 1_000, cacheReadTokens: 1_000, cacheWriteTokens: 1_000, reasoningTokens: 400 }),
  ).toBe(5_000 + 25_000 + 500 + 6_250)
})

it('rounds to the nearest millionth once, at the end', () => {
  expect(costMicros(price, { ...noTokens, cacheReadTokens: 1 })).toBe(1)
  expect(costMicros({ ...price, cacheRead: 100_000 }, { ...noTokens, cacheReadTokens: 14 })).toBe(1)
  expect(costMicros({ ...price, cacheRead: 100_000 }, { ...noTokens, cacheReadTokens: 4 })).toBe(0)
})

it('moves every token of a long request to its tier, cached ones counted in', () => {
  const atLimit = { ...noTokens, inputTokens: 100_000, cacheReadTokens: 100_000, outputTokens: 10 }
  expect(costMicros(tiered, atLimit)).toBe(500_000 + 50_000 + 250)
  expect(costMicros(tiered, { ...atLimit, cacheWriteTokens: 1 })).toBe(1_000_000 + 100_000 + 375 + 13)
})

it('does not take an unknown price for nothing', () => {
  expect(costMicros(null, { ...noTokens, inputTokens: 5 })).toBeNull()
  expect(costMicros(price, noTokens)).toBe(0)
})

it('prices what a cache keeps for an hour by its own rate, and by that of shorter ones where there is none', () => {
  const written = { ...noTokens, cacheWriteTokens: 3_000, cacheWrite1hTokens: 1_000 }
  expect(costMicros({ ...price, cacheWrite1h: 10_000_000 }, written)).toBe(2_000 * 6.25 + 1_000 * 10)
  expect(costMicros(price, written)).toBe(3_000 * 6.25)
})
