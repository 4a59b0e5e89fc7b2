/**
 * Models that Groq serves.
 * Ids, limits and prices: npm package @earendil-works/pi-ai 1.5.2 (MIT), read on 2026-11-21.
 */
import { rowsOf, usd } from '#core/models/entries/row.ts'

const entry = rowsOf('groq', ['openai-chat', 'openai-responses'])

export const groqModels = [
  entry('openai/gpt-oss-120b', 'GPT OSS 120B', {
    family: 'gpt-oss',
    contextTokens: 131_072,
    outputTokens: 65_536,
    can: 'tools reasoning',
    price: usd({ input: 0.15, output: 0.6, cacheRead: 0.075 }),
  }),
  entry('openai/gpt-oss-20b', 'GPT OSS 20B', {
    family: 'gpt-oss',
    contextTokens: 131_072,
    outputTokens: 65_536,
    can: 'tools reasoning',
    price: usd({ input: 0.075, output: 0.3, cacheRead: 0.0375 }),
  }),
  entry('qwen/qwen3.8-27b', 'Qwen3.8 27B', {
    family: 'qwen',
    contextTokens: 131_072,
    outputTokens: 16_384,
    can: 'tools images reasoning',
    price: usd({ input: 0.8, output: 4 }),
  }),
  entry('qwen/qwen3.6-27b', 'Qwen3.6 27B', {
    family: 'qwen',
    contextTokens: 131_072,
    outputTokens: 16_384,
    can: 'tools images reasoning',
    price: usd({ input: 0.6, output: 3, cacheRead: 0.3 }),
    lifecycle: { is: 'legacy', successor: 'qwen/qwen3.8-27b' },
  }),
  entry('llama-3.3-70b-versatile', 'Llama 3.3 70B', {
    family: 'llama',
    contextTokens: 131_072,
    outputTokens: 32_768,
    can: 'tools',
    price: usd({ input: 0.59, output: 0.79 }),
  }),
  entry('llama-3.1-8b-instant', 'Llama 3.1 8B', {
    family: 'llama',
    contextTokens: 131_072,
    outputTokens: 131_072,
    can: 'tools',
    price: usd({ input: 0.05, output: 0.08 }),
  }),
]
