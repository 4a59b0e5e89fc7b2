/**
 * Google's Gemini models.
 * Ids, limits and prices: npm package @earendil-works/pi-ai 1.5.2 (MIT), read on 2026-11-21;
 * the retired ones: llm-zoo 1.37 (MIT).
 */
import { rowsOf, usd } from '#core/models/entries/row.ts'

const entry = rowsOf('google', ['gemini-generate', 'openai-chat'])

export const googleModels = [
  entry('gemini-4-argon', 'Gemini 4 Argon', {
    family: 'gemini-4',
    contextTokens: 1_048_576,
    outputTokens: 32_768,
    can: 'tools images reasoning',
    price: usd({ input: 2, output: 10, cacheRead: 0.1 }),
  }),
  entry('gemini-3.8-flash', 'Gemini 3.8 Flash', {
    family: 'gemini-3',
    contextTokens: 1_048_576,
    outputTokens: 65_536,
    can: 'tools images reasoning',
    price: usd({ input: 0.75, output: 3.75, cacheRead: 0.075 }),
  }),
  entry('gemini-3.1-pro-preview', 'Gemini 3.1 Pro Preview', {
    family: 'gemini-3',
    contextTokens: 1_048_576,
    outputTokens: 65_536,
    can: 'tools images reasoning',
    price: usd({ input: 2, output: 12, cacheRead: 0.2, tiers: [{ inputTokensAbove: 200_000, input: 4, output: 18, cacheRead: 0.4 }] }),
  }),
  entry('gemini-3.5-flash-lite', 'Gemini 3.5 Flash Lite', {
    family: 'gemini-3',
    contextTokens: 1_048_576,
    outputTokens: 65_536,
    can: 'tools images reasoning',
    price: usd({ input: 0.3, output: 2.5, cacheRead: 0.03 }),
  }),
  entry('gemini-3.7-flash', 'Gemini 3.7 Flash', {
    family: 'gemini-3',
    contextTokens: 1_048_576,
    outputTokens: 65_536,
    can: 'tools images reasoning',
    price: usd({ input: 0.75, output: 3.75, cacheRead: 0.075 }),
    lifecycle: { is: 'legacy', successor: 'gemini-3.8-flash' },
  }),
  entry('gemini-3.6-flash', 'Gemini 3.6 Flash', {
    family: 'gemini-3',
    contextTokens: 1_048_576,
    outputTokens: 65_536,
    can: 'tools images reasoning',
    price: usd({ input: 0.75, output: 3.75, cacheRead: 0.075 }),
    lifecycle: { is: 'legacy', successor: 'gemini-3.8-flash' },
  }),
  entry('gemini-3.5-flash', 'Gemini 3.5 Flash', {
    family: 'gemini-3',
    contextTokens: 1_048_576,
    outputTokens: 65_536,
    can: 'tools images reasoning',
    price: usd({ input: 1.5, output: 9, cacheRead: 0.15 }),
    lifecycle: { is: 'legacy', successor: 'gemini-3.8-flash' },
  }),
  entry('gemini-3-flash-preview', 'Gemini 3 Flash Preview', {
    family: 'gemini-3',
    contextTokens: 1_048_576,
    outputTokens: 65_536,
    can: 'tools images reasoning',
    price: usd({ input: 0.5, output: 3, cacheRead: 0.05 }),
    lifecycle: { is: 'legacy', successor: 'gemini-3.8-flash' },
  }),
  entry('gemini-3.1-flash-lite', 'Gemini 3.1 Flash Lite', {
    family: 'gemini-3',
    contextTokens: 1_048_576,
    outputTokens: 65_536,
    can: 'tools images reasoning',
    price: usd({ input: 0.25, output: 1.5, cacheRead: 0.025 }),
    lifecycle: { is: 'legacy', successor: 'gemini-3.5-flash-lite' },
  }),
  entry('gemini-2.5-pro', 'Gemini 2.5 Pro', {
    family: 'gemini-2',
    contextTokens: 1_048_576,
    outputTokens: 65_536,
    can: 'tools images reasoning',
    price: usd({
      input: 1.25,
      output: 10,
      cacheRead: 0.125,
      tiers: [{ inputTokensAbove: 200_000, input: 2.5, output: 15, cacheRead: 0.25 }],
    }),
    lifecycle: { is: 'legacy', successor: 'gemini-4-argon' },
  }),
  entry('gemini-2.5-flash', 'Gemini 2.5 Flash', {
    family: 'gemini-2',
    contextTokens: 1_048_576,
    outputTokens: 65_536,
    can: 'tools images reasoning',
    price: usd({ input: 0.3, output: 2.5, cacheRead: 0.03 }),
    lifecycle: { is: 'legacy', successor: 'gemini-3.8-flash' },
  }),
  entry('gemini-2.5-flash-lite', 'Gemini 2.5 Flash-Lite', {
    family: 'gemini-2',
    contextTokens: 1_048_576,
    outputTokens: 65_536,
    can: 'tools images reasoning',
    price: usd({ input: 0.1, output: 0.4, cacheRead: 0.01 }),
    lifecycle: { is: 'legacy', successor: 'gemini-3.5-flash-lite' },
  }),
  entry('gemini-2.0-flash', 'Gemini 2.0 Flash', {
    family: 'gemini-2',
    contextTokens: 1_048_576,
    outputTokens: 8_192,
    can: 'tools images',
    price: usd({ input: 0.1, output: 0.4 }),
    lifecycle: { is: 'retired', successor: 'gemini-3.8-flash' },
  }),
  entry('gemini-2.0-flash-lite', 'Gemini 2.0 Flash-Lite', {
    family: 'gemini-2',
    contextTokens: 1_048_576,
    outputTokens: 8_192,
    can: 'tools images',
    price: usd({ input: 0.075, output: 0.3 }),
    lifecycle: { is: 'retired', successor: 'gemini-3.5-flash-lite' },
  }),
]
