/**
 * Cohere's models.
 * Limits and prices: the same models under OpenRouter in npm package @earendil-works/pi-ai 1.5.2 (MIT), read on 2026-11-21.
 */
import { rowsOf, usd } from '#core/models/entries/row.ts'

const entry = rowsOf('cohere', ['openai-chat'])

export const cohereModels = [
  entry('command-a-03-2025', 'Command A', {
    family: 'command',
    contextTokens: 256_000,
    outputTokens: 8_192,
    can: 'tools',
    price: usd({ input: 2.5, output: 10 }),
  }),
  entry('command-r7b-12-2024', 'Command R7B (12-2024)', {
    family: 'command',
    contextTokens: 128_000,
    outputTokens: 4_000,
    can: 'tools',
    price: usd({ input: 0.0375, output: 0.15 }),
  }),
  entry('command-r-plus-08-2024', 'Command R+ (08-2024)', {
    family: 'command',
    contextTokens: 128_000,
    outputTokens: 4_000,
    can: 'tools',
    price: usd({ input: 2.5, output: 10 }),
    lifecycle: { is: 'legacy', successor: 'command-a-03-2025' },
  }),
  entry('command-r-08-2024', 'Command R (08-2024)', {
    family: 'command',
    contextTokens: 128_000,
    outputTokens: 4_000,
    can: 'tools',
    price: usd({ input: 0.15, output: 0.6 }),
    lifecycle: { is: 'legacy', successor: 'command-a-03-2025' },
  }),
]
