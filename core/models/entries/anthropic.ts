/**
 * Anthropic's models.
 * Ids, limits and prices: npm package @earendil-works/pi-ai 1.5.2 (MIT), read on 2026-11-21;
 * which are retired: llm-zoo 1.37 (MIT), which gives no dates.
 */
import { rowsOf, usd as usdOf, type PriceList } from '#core/models/entries/row.ts'

/** The vendor's rule for every model: what a cache keeps for an hour costs twice the input. */
const usd = ({ tiers = [], ...base }: PriceList) => {
  const withHour = <T extends { input: number }>(dollars: T) => ({ ...dollars, cacheWrite1h: dollars.input * 2 })
  return usdOf({ ...withHour(base), ...(tiers.length > 0 && { tiers: tiers.map(withHour) }) })
}

const entry = rowsOf('anthropic', ['anthropic-messages'])

export const anthropicModels = [
  entry('claude-opus-5-5', 'Claude Opus 5.5', {
    family: 'opus',
    contextTokens: 1_000_000,
    outputTokens: 128_000,
    can: 'tools images reasoning',
    price: usd({ input: 4, output: 20, cacheRead: 0.2, cacheWrite: 5 }),
  }),
  entry('claude-sonnet-5-5', 'Claude Sonnet 5.5', {
    family: 'sonnet',
    contextTokens: 1_000_000,
    outputTokens: 128_000,
    can: 'tools images reasoning',
    price: usd({ input: 2, output: 10, cacheRead: 0.1, cacheWrite: 2.5 }),
  }),
  entry('claude-fable-5-2', 'Claude Fable 5.2', {
    family: 'fable',
    contextTokens: 1_000_000,
    outputTokens: 128_000,
    can: 'tools images reasoning',
    price: usd({ input: 8, output: 40, cacheRead: 0.2, cacheWrite: 10 }),
  }),
  entry('claude-fable-5-1', 'Claude Fable 5.1', {
    family: 'fable',
    contextTokens: 1_000_000,
    outputTokens: 128_000,
    can: 'tools images reasoning',
    price: usd({ input: 10, output: 50, cacheRead: 0.25, cacheWrite: 12.5 }),
  }),
  entry('claude-haiku-5-5', 'Claude Haiku 5.5', {
    family: 'haiku',
    contextTokens: 1_000_000,
    outputTokens: 128_000,
    can: 'tools images reasoning',
    price: usd({
      input: 0.1,
      output: 0.5,
      cacheRead: 0.01,
      cacheWrite: 0.125,
      tiers: [{ inputTokensAbove: 100_000, input: 0.5, output: 2.5, cacheRead: 0.05, cacheWrite: 0.625 }],
    }),
  }),
  entry('claude-opus-5', 'Claude Opus 5', {
    family: 'opus',
    contextTokens: 1_000_000,
    outputTokens: 128_000,
    can: 'tools images reasoning',
    price: usd({ input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 }),
    lifecycle: { is: 'legacy', successor: 'claude-opus-5-5' },
  }),
  entry('claude-sonnet-5', 'Claude Sonnet 5', {
    family: 'sonnet',
    contextTokens: 1_000_000,
    outputTokens: 128_000,
    can: 'tools images reasoning',
    price: usd({ input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5 }),
    lifecycle: { is: 'legacy', successor: 'claude-sonnet-5-5' },
  }),
  entry('claude-fable-5', 'Claude Fable 5', {
    family: 'fable',
    contextTokens: 1_000_000,
    outputTokens: 128_000,
    can: 'tools images reasoning',
    price: usd({ input: 10, output: 50, cacheRead: 1, cacheWrite: 12.5 }),
    lifecycle: { is: 'legacy', successor: 'claude-fable-5-2' },
  }),
  entry('claude-opus-4-8', 'Claude Opus 4.8', {
    family: 'opus',
    contextTokens: 1_000_000,
    outputTokens: 128_000,
    can: 'tools images reasoning',
    price: usd({ input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 }),
    lifecycle: { is: 'legacy', successor: 'claude-opus-5-5' },
  }),
  entry('claude-opus-4-7', 'Claude Opus 4.7', {
    family: 'opus',
    contextTokens: 1_000_000,
    outputTokens: 128_000,
    can: 'tools images reasoning',
    price: usd({ input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 }),
    lifecycle: { is: 'legacy', successor: 'claude-opus-5-5' },
  }),
  entry('claude-opus-4-6', 'Claude Opus 4.6', {
    family: 'opus',
    contextTokens: 1_000_000,
    outputTokens: 128_000,
    can: 'tools images reasoning',
    price: usd({ input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 }),
    lifecycle: { is: 'legacy', successor: 'claude-opus-5-5' },
  }),
  entry('claude-opus-4-5', 'Claude Opus 4.5', {
    family: 'opus',
    contextTokens: 200_000,
    outputTokens: 64_000,
    can: 'tools images reasoning',
    price: usd({ input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 }),
    lifecycle: { is: 'legacy', successor: 'claude-opus-5-5' },
  }),
  entry('claude-opus-4-5-20251101', 'Claude Opus 4.5 (2025-11-01)', {
    family: 'opus',
    contextTokens: 200_000,
    outputTokens: 64_000,
    can: 'tools images reasoning',
    price: usd({ input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 }),
    lifecycle: { is: 'legacy', successor: 'claude-opus-5-5' },
  }),
  entry('claude-sonnet-4-6', 'Claude Sonnet 4.6', {
    family: 'sonnet',
    contextTokens: 1_000_000,
    outputTokens: 128_000,
    can: 'tools images reasoning',
    price: usd({ input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 }),
    lifecycle: { is: 'legacy', successor: 'claude-sonnet-5-5' },
  }),
  entry('claude-sonnet-4-5', 'Claude Sonnet 4.5', {
    family: 'sonnet',
    contextTokens: 200_000,
    outputTokens: 64_000,
    can: 'tools images reasoning',
    price: usd({ input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 }),
    lifecycle: { is: 'legacy', successor: 'claude-sonnet-5-5' },
  }),
  entry('claude-sonnet-4-5-20250929', 'Claude Sonnet 4.5 (2025-09-29)', {
    family: 'sonnet',
    contextTokens: 200_000,
    outputTokens: 64_000,
    can: 'tools images reasoning',
    price: usd({ input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 }),
    lifecycle: { is: 'legacy', successor: 'claude-sonnet-5-5' },
  }),
  entry('claude-haiku-4-5', 'Claude Haiku 4.5', {
    family: 'haiku',
    contextTokens: 200_000,
    outputTokens: 64_000,
    can: 'tools images reasoning',
    price: usd({ input: 1, output: 5, cacheRead: 0.1, cacheWrite: 1.25 }),
    lifecycle: { is: 'legacy', successor: 'claude-haiku-5-5' },
  }),
  entry('claude-haiku-4-5-20251001', 'Claude Haiku 4.5 (2025-10-01)', {
    family: 'haiku',
    contextTokens: 200_000,
    outputTokens: 64_000,
    can: 'tools images reasoning',
    price: usd({ input: 1, output: 5, cacheRead: 0.1, cacheWrite: 1.25 }),
    lifecycle: { is: 'legacy', successor: 'claude-haiku-5-5' },
  }),
  entry('claude-opus-4-20250514', 'Claude Opus 4', {
    family: 'opus',
    contextTokens: 200_000,
    outputTokens: 32_000,
    can: 'tools images reasoning',
    price: usd({ input: 15, output: 75, cacheRead: 1.5, cacheWrite: 18.75 }),
    lifecycle: { is: 'retired', successor: 'claude-opus-5-5' },
  }),
  entry('claude-sonnet-4-20250514', 'Claude Sonnet 4', {
    family: 'sonnet',
    contextTokens: 200_000,
    outputTokens: 64_000,
    can: 'tools images reasoning',
    price: usd({ input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 }),
    lifecycle: { is: 'retired', successor: 'claude-sonnet-5-5' },
  }),
  entry('claude-3-7-sonnet-20250219', 'Claude Sonnet 3.7', {
    family: 'sonnet',
    contextTokens: 200_000,
    outputTokens: 64_000,
    can: 'tools images reasoning',
    price: usd({ input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 }),
    lifecycle: { is: 'retired', successor: 'claude-sonnet-5-5' },
  }),
  entry('claude-3-5-haiku-20241022', 'Claude Haiku 3.5', {
    family: 'haiku',
    contextTokens: 200_000,
    outputTokens: 8_192,
    can: 'tools images',
    price: usd({ input: 0.8, output: 4, cacheRead: 0.08, cacheWrite: 1 }),
    lifecycle: { is: 'retired', successor: 'claude-haiku-5-5' },
  }),
  entry('claude-3-opus-20240229', 'Claude Opus 3', {
    family: 'opus',
    contextTokens: 200_000,
    outputTokens: 4_096,
    can: 'tools images',
    price: usd({ input: 15, output: 75, cacheRead: 1.5, cacheWrite: 18.75 }),
    lifecycle: { is: 'retired', successor: 'claude-opus-5-5' },
  }),
  entry('claude-3-5-sonnet-20241022', 'Claude Sonnet 3.5', {
    family: 'sonnet',
    contextTokens: 200_000,
    outputTokens: 8_192,
    can: 'tools images',
    price: usd({ input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 }),
    lifecycle: { is: 'retired', successor: 'claude-sonnet-5-5' },
  }),
]
