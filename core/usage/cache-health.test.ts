import { expect, it } from 'vitest'
import type { Price } from '#core/models/model.ts'
import { cacheHealth, missRate } from '#core/usage/cache-health.ts'
import { noSums, type UsageSums } from '#core/usage/sums.ts'

const dollars = (input: number, cacheRead: number): Price => ({
  input: input * 1_000_000,
  output: 0,
  cacheRead: cacheRead * 1_000_000,
  cacheWrite: 0,
})
const sums = (inputTokens: number, cacheReadTokens: number, cacheWriteTokens = 0): UsageSums => ({
  ...noSums,
  requests: 1,
  inputTokens,
  cacheReadTokens,
  cacheWriteTokens,
})

it.each([
  ['a plain price', dollars(4, 0.2), 3_800_000],
  ['no discount', dollars(2, 2), 0],
  ['a cache that is dearer', dollars(1, 2), 0],
  ['the least of the tiers', { ...dollars(1, 0.1), tiers: [{ ...dollars(2, 0.4), inputTokensAbove: 100 }] }, 900_000],
  ['the least, where it is a later one', { ...dollars(3, 0.1), tiers: [{ ...dollars(2, 0.4), inputTokensAbove: 100 }] }, 1_600_000],
] as const)('a miss costs: %s', (_, price, rate) => expect(missRate(price)).toBe(rate))

it('adds up by key, the dearest first, with the unpriced last', () => {
  const lines = [
    { key: 'cheap', price: dollars(1, 0.5), sums: sums(1_000_000, 3_000_000) },
    { key: 'dear', price: dollars(4, 0), sums: sums(500_000, 0, 500_000) },
    { key: 'dear', price: dollars(2, 0), sums: sums(500_000, 500_000) },
    { key: 'unpriced', price: null, sums: sums(10, 90) },
    { key: 'nothing', price: null, sums: noSums },
  ]
  const row = { requests: 1, cacheWriteTokens: 0 }
  expect(cacheHealth(lines)).toEqual([
    {
      ...row,
      key: 'dear',
      requests: 2,
      readTokens: 2_000_000,
      cacheReadTokens: 500_000,
      cacheWriteTokens: 500_000,
      share: 0.25,
      missMicrosPerMillion: null,
      missMicros: 3_000_000,
    },
    {
      ...row,
      key: 'cheap',
      readTokens: 4_000_000,
      cacheReadTokens: 3_000_000,
      share: 0.75,
      missMicrosPerMillion: 500_000,
      missMicros: 500_000,
    },
    { ...row, key: 'unpriced', readTokens: 100, cacheReadTokens: 90, share: 0.9, missMicrosPerMillion: null, missMicros: null },
    { ...row, key: 'nothing', requests: 0, readTokens: 0, cacheReadTokens: 0, share: null, missMicrosPerMillion: null, missMicros: null },
  ])
})
