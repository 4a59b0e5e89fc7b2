import { expect, it } from 'vitest'
import { estimatedMicros, estimateOf, unreportedMicros } from '#core/budgets/estimate.ts'
import type { ModelEntry, Price } from '#core/models/model.ts'
import { noTokens } from '#core/models/usage.ts'

const price: Price = {
  input: 4_000_000,
  output: 20_000_000,
  cacheRead: 200_000,
  cacheWrite: 5_000_000,
  tiers: [{ inputTokensAbove: 200_000, input: 8_000_000, output: 30_000_000, cacheRead: 400_000, cacheWrite: 10_000_000 }],
}
const entry: ModelEntry = {
  provider: 'p',
  id: 'm',
  name: 'M',
  family: 'm',
  lifecycle: { is: 'current' },
  contextTokens: 100_000,
  outputTokens: 8_000,
  capabilities: [],
  dialects: [],
  price,
}
const asked = { bodyBytes: 1_001, maxOutputTokens: null, choices: 1, continues: false }

it.each([
  ['half its bytes, and all that the model may write', {}, 501, 8_000],
  ['the end that it sets', { maxOutputTokens: 100 }, 501, 100],
  ['no more than the model can write', { maxOutputTokens: 1_000_000 }, 501, 8_000],
  ['each of its answers', { maxOutputTokens: 100, choices: 3 }, 501, 300],
  ['no more than fits into the model', { bodyBytes: 10_000_000 }, 100_000, 8_000],
  ['the whole context where the provider adds to it', { continues: true }, 100_000, 8_000],
])('expects %s', (_what, more, inputTokens, outputTokens) => {
  expect(estimateOf({ ...asked, ...more }, entry)).toEqual({ inputTokens, outputTokens })
})

it('reserves as if the whole input had to be written to a cache, by its tier', () => {
  expect(estimatedMicros(price, { inputTokens: 1_000, outputTokens: 100 })).toBe(5_000 + 2_000)
  expect(estimatedMicros(price, { inputTokens: 300_000, outputTokens: 100 })).toBe(3_000_000 + 3_000)
})

it('takes an answer that nobody reported for as long as its time allowed, and no longer than asked', () => {
  const estimate = { inputTokens: 1_000, outputTokens: 1_000 }
  expect(unreportedMicros(price, estimate, { tokens: null, durationMs: 1_000 })).toBe(4_000 + 500 * 20)
  expect(unreportedMicros(price, estimate, { tokens: null, durationMs: 60_000 })).toBe(4_000 + 1_000 * 20)
  // Anthropic tells the input at the start.
  const started = { ...noTokens, inputTokens: 10, cacheReadTokens: 900, outputTokens: 1 }
  expect(unreportedMicros(price, estimate, { tokens: started, durationMs: 200 })).toBe(40 + 180 + 100 * 20)
})
