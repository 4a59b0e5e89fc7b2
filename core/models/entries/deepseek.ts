/**
 * DeepSeek's models.
 * Ids, limits and prices: npm package @earendil-works/pi-ai 1.5.2 (MIT), read on 2026-11-21;
 * the retired names: llm-zoo 1.37 (MIT).
 */
import { rowsOf, usd } from '#core/models/entries/row.ts'

const entry = rowsOf('deepseek', ['openai-chat', 'anthropic-messages'])

export const deepseekModels = [
  entry('deepseek-v4-pro', 'DeepSeek V4 Pro', {
    family: 'deepseek',
    contextTokens: 1_000_000,
    outputTokens: 384_000,
    can: 'tools reasoning',
    price: usd({ input: 1.32, output: 3.96, cacheRead: 0.044 }),
  }),
  entry('deepseek-flash', 'DeepSeek V4.1 Flash', {
    family: 'deepseek',
    contextTokens: 1_000_000,
    outputTokens: 384_000,
    can: 'tools images reasoning',
    price: usd({ input: 0.3, output: 1.2, cacheRead: 0.006 }),
  }),
  entry('deepseek-chat', 'DeepSeek V3.2', {
    family: 'deepseek',
    contextTokens: 128_000,
    outputTokens: 8_192,
    can: 'tools',
    price: usd({ input: 0.28, output: 0.42, cacheRead: 0.028 }),
    lifecycle: { is: 'retired', successor: 'deepseek-flash' },
  }),
  entry('deepseek-reasoner', 'DeepSeek V3.2 (thinking)', {
    family: 'deepseek',
    contextTokens: 128_000,
    outputTokens: 65_536,
    can: 'tools reasoning',
    price: usd({ input: 0.28, output: 0.42, cacheRead: 0.028 }),
    lifecycle: { is: 'retired', successor: 'deepseek-flash' },
  }),
]
