import { expect, it } from 'vitest'
import { mergeRawUsage, readUsage, type TokenCounts } from '#core/models/usage.ts'
import type { Dialect } from '#core/providers/dialects.ts'

const counts = (
  inputTokens: number,
  outputTokens: number,
  cacheReadTokens = 0,
  cacheWriteTokens = 0,
  reasoningTokens = 0,
): TokenCounts => ({
  inputTokens,
  outputTokens,
  cacheReadTokens,
  cacheWriteTokens,
  reasoningTokens,
})

const cases: [name: string, dialect: Dialect, raw: unknown, expected: TokenCounts | null][] = [
  [
    'input excludes caches',
    'anthropic-messages',
    { input_tokens: 10, cache_read_input_tokens: 20, cache_creation_input_tokens: 30, output_tokens: 40 },
    counts(10, 40, 20, 30),
  ],
  [
    'what is kept for an hour is a part of what was written',
    'anthropic-messages',
    {
      input_tokens: 10,
      cache_creation_input_tokens: 30,
      cache_creation: { ephemeral_5m_input_tokens: 18, ephemeral_1h_input_tokens: 12 },
      output_tokens: 40,
    },
    { ...counts(10, 40, 0, 30), cacheWrite1hTokens: 12 },
  ],
  [
    'and never more than that',
    'anthropic-messages',
    { input_tokens: 10, cache_creation_input_tokens: 3, cache_creation: { ephemeral_1h_input_tokens: 12 }, output_tokens: 40 },
    { ...counts(10, 40, 0, 3), cacheWrite1hTokens: 3 },
  ],
  [
    'thinking is a part of the output',
    'anthropic-messages',
    { input_tokens: 1, output_tokens: 9, output_tokens_details: { thinking_tokens: 5 } },
    counts(1, 9, 0, 0, 5),
  ],
  ['nulls are unknown', 'anthropic-messages', { input_tokens: 3, output_tokens: 4, cache_read_input_tokens: null }, counts(3, 4)],
  [
    'input includes what was cached',
    'openai-chat',
    { prompt_tokens: 100, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 60 } },
    counts(40, 7, 60),
  ],
  [
    'input includes what was written too',
    'openai-chat',
    { prompt_tokens: 100, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 30 } },
    counts(10, 7, 60, 30),
  ],
  [
    'DeepSeek names its hits elsewhere',
    'openai-chat',
    { prompt_tokens: 100, completion_tokens: 7, prompt_cache_hit_tokens: 90, prompt_cache_miss_tokens: 10 },
    counts(10, 7, 90),
  ],
  [
    'reasoning is a part of the output',
    'openai-chat',
    { prompt_tokens: 1, completion_tokens: 9, completion_tokens_details: { reasoning_tokens: 8 } },
    counts(1, 9, 0, 0, 8),
  ],
  [
    'never below nothing',
    'openai-chat',
    { prompt_tokens: 5, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 50 } },
    counts(0, 1, 5),
  ],
  [
    'responses has names of its own',
    'openai-responses',
    { input_tokens: 100, output_tokens: 9, input_tokens_details: { cached_tokens: 64 }, output_tokens_details: { reasoning_tokens: 4 } },
    counts(36, 9, 64, 0, 4),
  ],
  [
    'thoughts come beside the output',
    'gemini-generate',
    { promptTokenCount: 50, candidatesTokenCount: 5, thoughtsTokenCount: 7, cachedContentTokenCount: 20, totalTokenCount: 62 },
    counts(30, 12, 20, 0, 7),
  ],
  [
    'what Google’s tools found is input',
    'gemini-generate',
    { promptTokenCount: 50, toolUsePromptTokenCount: 8, candidatesTokenCount: 5 },
    counts(58, 5),
  ],
  [
    'a sum must be a count, too',
    'gemini-generate',
    { promptTokenCount: 3, candidatesTokenCount: 2_147_483_647, thoughtsTokenCount: 1 },
    counts(3, 0),
  ],
  ['a report without counts is none', 'openai-chat', { total_tokens: 5 }, null],
  ['nothing is nothing', 'openai-responses', null, null],
  ['a list is nothing', 'anthropic-messages', [1], null],
  ['a count must be one', 'anthropic-messages', { input_tokens: -1, output_tokens: 1.5 }, null],
  ['a count must fit', 'anthropic-messages', { input_tokens: 1e300, output_tokens: 3 }, counts(0, 3)],
  ['a count must be a number', 'openai-chat', { prompt_tokens: '100', completion_tokens: 3 }, counts(0, 3)],
]
it.each(cases)('%s (%s)', (_name, dialect, raw, expected) => expect(readUsage(dialect, raw)).toEqual(expected))

it('lays a later report over an earlier one, and never loses what only the earlier one knew', () => {
  const start = { input_tokens: 10, output_tokens: 1, cache_read_input_tokens: 20, cache_creation: { ephemeral_5m_input_tokens: 3 } }
  const delta = { output_tokens: 40, cache_read_input_tokens: null, cache_creation: { ephemeral_1h_input_tokens: 4 } }
  expect(mergeRawUsage(start, delta)).toEqual({
    input_tokens: 10,
    output_tokens: 40,
    cache_read_input_tokens: 20,
    cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 },
  })
  expect(mergeRawUsage(null, delta)).toBe(delta)
  expect(mergeRawUsage(start, null)).toBe(start)
})

it('takes a report that is nested without end for none, and a field for a field whatever its name', () => {
  const deep = JSON.parse(`{"output_tokens":${'['.repeat(50_000)}${']'.repeat(50_000)}}`) as unknown
  expect(mergeRawUsage({ input_tokens: 1 }, deep)).toEqual({ input_tokens: 1 })
  const odd = JSON.parse('{"__proto__":{"input_tokens":9}}') as object
  const merged = mergeRawUsage({ output_tokens: 2 }, odd) as object
  expect(Object.getPrototypeOf(merged)).toBe(Object.prototype)
  expect(readUsage('anthropic-messages', merged)).toMatchObject({ inputTokens: 0, outputTokens: 2 })
})
