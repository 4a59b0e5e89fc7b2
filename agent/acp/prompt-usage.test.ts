import { expect, it } from 'vitest'
import { readPromptUsage } from '#agent/acp/prompt-usage.ts'

const nothing = { model: null, tokens: null }

it('reads what Codex and Claude Code say of a turn', () => {
  const usage = {
    totalTokens: 1_750,
    inputTokens: 500,
    cachedReadTokens: 1_000,
    cachedWriteTokens: 50,
    outputTokens: 200,
    thoughtTokens: 80,
  }
  expect(readPromptUsage({ stopReason: 'end_turn', usage, _meta: { quota: { model_usage: [{ model: 'gpt-5.5' }] } } })).toEqual({
    model: 'gpt-5.5',
    tokens: { inputTokens: 500, outputTokens: 200, cacheReadTokens: 1_000, cacheWriteTokens: 50, reasoningTokens: 80 },
  })
})

it('names the model that did most of it', () => {
  const ofModel = (model: string, totalTokens: unknown) => ({ model, token_count: { totalTokens } })
  const quota = { model_usage: [ofModel('titles', 30), ofModel('main', 4_000), ofModel('odd', 'many')] }
  expect(readPromptUsage({ usage: { inputTokens: 1, outputTokens: 2 }, _meta: { quota } })).toEqual({
    model: 'main',
    tokens: { inputTokens: 1, outputTokens: 2, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
  })
})

it.each([
  [null],
  [{}],
  [{ usage: null }],
  [{ usage: { inputTokens: -1, outputTokens: 2 } }],
  [{ usage: { inputTokens: 1.5, outputTokens: 2 } }],
  [{ usage: { inputTokens: 2 ** 40, outputTokens: 2 } }],
  [{ usage: { inputTokens: '1', outputTokens: 2 } }],
  [{ usage: { outputTokens: 2 } }],
  [{ usage: 'all of it', _meta: { quota: { model_usage: [{ model: 'x'.repeat(500) }] } } }],
])('takes %j for no word about it', (answer) => expect(readPromptUsage(answer)).toEqual(nothing))

it('reads counts beside one that makes no sense, and no more reasoning than output', () => {
  expect(readPromptUsage({ usage: { inputTokens: 1, outputTokens: 2, cachedReadTokens: 'many', thoughtTokens: 9 } }).tokens).toEqual({
    inputTokens: 1,
    outputTokens: 2,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 2,
  })
})
