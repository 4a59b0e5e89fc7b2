/**
 * Mistral's models.
 * Ids, limits and prices: npm package @earendil-works/pi-ai 1.5.2 (MIT), read on 2026-11-21.
 */
import { rowsOf, usd } from '#core/models/entries/row.ts'

const entry = rowsOf('mistral', ['openai-chat'])

export const mistralModels = [
  entry('mistral-large-4', 'Mistral Large 4', {
    family: 'large',
    contextTokens: 1_048_576,
    outputTokens: 262_144,
    can: 'tools images reasoning',
    price: usd({ input: 0.7, output: 2.1, cacheRead: 0.07 }),
  }),
  entry('mistral-medium-3.5', 'Mistral Medium 3.5', {
    family: 'medium',
    contextTokens: 262_144,
    outputTokens: 262_144,
    can: 'tools images reasoning',
    price: usd({ input: 1.5, output: 7.5, cacheRead: 0.15 }),
  }),
  entry('devstral-2512', 'Devstral 2', {
    family: 'devstral',
    contextTokens: 262_144,
    outputTokens: 262_144,
    can: 'tools',
    price: usd({ input: 0.4, output: 2, cacheRead: 0.04 }),
  }),
  entry('mistral-small-2603', 'Mistral Small 4', {
    family: 'small',
    contextTokens: 262_144,
    outputTokens: 256_000,
    can: 'tools images reasoning',
    price: usd({ input: 0.15, output: 0.6, cacheRead: 0.015 }),
  }),
  entry('codestral-2508', 'Codestral 25.08', {
    family: 'codestral',
    contextTokens: 256_000,
    outputTokens: 8_192,
    can: 'tools',
    price: usd({ input: 0.3, output: 0.9, cacheRead: 0.03 }),
  }),
  entry('magistral-medium-latest', 'Magistral Medium', {
    family: 'magistral',
    contextTokens: 262_144,
    outputTokens: 16_384,
    can: 'tools images reasoning',
    price: usd({ input: 2, output: 5, cacheRead: 0.2 }),
  }),
  entry('mistral-large-2512', 'Mistral Large 3', {
    family: 'large',
    contextTokens: 262_144,
    outputTokens: 262_144,
    can: 'tools images',
    price: usd({ input: 0.5, output: 1.5, cacheRead: 0.05 }),
    lifecycle: { is: 'legacy', successor: 'mistral-large-4' },
  }),
  entry('mistral-medium-2508', 'Mistral Medium 3.1', {
    family: 'medium',
    contextTokens: 262_144,
    outputTokens: 262_144,
    can: 'tools images',
    price: usd({ input: 0.4, output: 2, cacheRead: 0.04 }),
    lifecycle: { is: 'legacy', successor: 'mistral-medium-3.5' },
  }),
  entry('mistral-small-2506', 'Mistral Small 3.2', {
    family: 'small',
    contextTokens: 128_000,
    outputTokens: 16_384,
    can: 'tools images',
    price: usd({ input: 0.1, output: 0.3, cacheRead: 0.01 }),
    lifecycle: { is: 'legacy', successor: 'mistral-small-2603' },
  }),
]
