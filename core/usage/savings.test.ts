import { describe, expect, it } from 'vitest'
import { keyOf, emptyRule, noRules, type ModelRule, type ModelRules } from '#core/models/rules.ts'
import { PRIVATE } from '#core/usage/dimensions.ts'
import { findSavings, type Saving, type SavingLine } from '#core/usage/savings.ts'
import { noSums, type UsageSums } from '#core/usage/sums.ts'

const M = 1_000_000
const line = (sums: Partial<UsageSums>, more: Partial<SavingLine> = {}): SavingLine => ({
  harness: 'claude-code',
  provider: 'anthropic',
  server: null,
  dialect: 'anthropic-messages',
  model: 'claude-opus-5-5',
  chatId: 'one',
  isShown: true,
  ...more,
  sums: { ...noSums, requests: 20, costMicros: 1, ...sums },
})
const saving = (more: Partial<Saving>): Saving => ({
  kind: 'cold-cache',
  harness: 'claude-code',
  provider: 'anthropic',
  model: 'claude-opus-5-5',
  chatId: null,
  requests: 20,
  costMicros: 1,
  savesMicros: 0,
  otherModel: null,
  shares: null,
  ...more,
})

const savingsOf = (lines: readonly SavingLine[], rules: ModelRules = noRules) => findSavings(lines, rules)
const ruledBy = (...rules: (Partial<ModelRule> & Pick<ModelRule, 'model'>)[]): ModelRules => ({
  ...noRules,
  byKey: new Map(
    rules.map((rule) => {
      const key = { provider: 'anthropic', server: null, ...rule }
      return [keyOf(key), { ...emptyRule(key), ...rule }]
    }),
  ),
})

describe('a cold cache', () => {
  const warm = line({ inputTokens: 1 * M, cacheReadTokens: 9 * M }, { chatId: 'warm' })
  const cold = line({ inputTokens: 8 * M, cacheReadTokens: 2 * M }, { chatId: 'cold' })

  it('is set against what the other chats of the same agent and model reach', () => {
    // 90 % there, 20 % here: 7 of 10 million tokens at $4.00 instead of $0.20 a million.
    expect(savingsOf([warm, cold])).toEqual([saving({ chatId: 'cold', savesMicros: 7 * 3_800_000, shares: { own: 0.2, others: 0.9 } })])
  })

  it('saves no more than what was read afresh', () => {
    const written = line({ inputTokens: 1 * M, cacheWriteTokens: 9 * M }, { chatId: 'cold' })
    expect(savingsOf([warm, written])).toMatchObject([{ chatId: 'cold', savesMicros: 3_800_000 }])
  })

  it.each([
    ['too few requests here', warm, { ...cold, sums: { ...cold.sums, requests: 4 } }],
    ['too few requests elsewhere', { ...warm, sums: { ...warm.sums, requests: 19 } }, cold],
    ['another agent', { ...warm, harness: 'opencode' }, cold],
    ['another model', { ...warm, model: 'claude-sonnet-5-5' }, cold],
    ['no price', { ...warm, model: 'unknown' }, { ...cold, model: 'unknown' }],
    ['tokens without a price', warm, { ...cold, sums: { ...cold.sums, unpricedTokens: 1 } }],
    ['a subscription', warm, { ...cold, sums: { ...cold.sums, subscriptionTokens: 1 } }],
    ['nothing elsewhere', { ...warm, sums: { ...noSums, requests: 50 } }, cold],
  ])('is not judged: %s', (_, other, own) => expect(savingsOf([other, own])).toEqual([]))
})

describe('a cheaper successor', () => {
  it('is priced for the same tokens', () => {
    // Opus 5 at $5 and $25, Opus 5.5 at $4 and $20.
    const legacy = line({ inputTokens: 1 * M, outputTokens: 1 * M, costMicros: 30 * M }, { model: 'claude-opus-5' })
    expect(savingsOf([legacy])).toEqual([
      saving({
        kind: 'cheaper-successor',
        model: 'claude-opus-5',
        costMicros: 30 * M,
        savesMicros: 6 * M,
        otherModel: 'claude-opus-5-5',
      }),
    ])
  })

  it('is taken at its dearest tier', () => {
    // Haiku 5.5 asks $0.10 a million, and $0.50 for long requests; Haiku 4.5 asks $1.00.
    const legacy = line({ inputTokens: 1 * M, costMicros: 1 * M }, { model: 'claude-haiku-4-5' })
    expect(savingsOf([legacy])).toMatchObject([{ otherModel: 'claude-haiku-5-5', savesMicros: 500_000 }])
  })

  it.each([
    ['the same price', line({ inputTokens: M, costMicros: 4 * M }, { model: 'claude-opus-5' })],
    ['a current model', line({ inputTokens: M, costMicros: 40 * M })],
    ['not all of it priced', line({ inputTokens: M, costMicros: 5 * M, unpricedTokens: 1 }, { model: 'claude-opus-5' })],
    ['less than a cent', line({ inputTokens: 1_000, costMicros: 5_000 }, { model: 'claude-opus-5' })],
  ])('is not named: %s', (_, own) => expect(savingsOf([own])).toEqual([]))

  it('is one finding over all chats', () => {
    const legacy = (chatId: string) => line({ inputTokens: M, costMicros: 5 * M }, { model: 'claude-opus-5', chatId })
    expect(savingsOf([legacy('one'), legacy('two')])).toMatchObject([{ requests: 40, costMicros: 10 * M, savesMicros: 2 * M }])
  })
})

describe('background calls on a dear model', () => {
  const main = line({ inputTokens: 50 * M, costMicros: 100 * M }, { model: 'claude-sonnet-5-5' })
  const title = line({ requests: 100, inputTokens: M, outputTokens: 5_000, costMicros: 4 * M + 100_000 })

  const codex = { harness: 'codex', provider: 'openai', dialect: 'openai-responses', model: 'gpt-6.1-sol' } as const

  it('are set against the cheapest current model that the agent may use', () => {
    // Haiku 5.5 at its dearest tier: $0.50 and $2.50.
    expect(savingsOf([main, title])).toEqual([
      saving({
        kind: 'dear-background',
        requests: 100,
        costMicros: 4 * M + 100_000,
        savesMicros: 4 * M + 100_000 - 512_500,
        otherModel: 'claude-haiku-5-5',
      }),
    ])
  })

  it.each([
    ['the main model itself', [title]],
    ['in another chat', [{ ...main, chatId: 'two' }, title]],
    ['long answers, as a subagent gives', [main, { ...title, sums: { ...title.sums, outputTokens: 40_001 } }]],
    [
      'one that the agent insists on',
      [
        { ...main, ...codex },
        { ...title, ...codex, model: 'gpt-5.6-luna' },
      ],
    ],
    ['the cheapest already', [main, { ...title, model: 'claude-haiku-5-5' }]],
    ['an agent nobody knows', [main, { ...title, harness: 'nobody' }]],
  ])('are not named: %s', (_, lines) => expect(savingsOf(lines)).toEqual([]))
})

describe('what a team says of models', () => {
  const legacy = line({ inputTokens: M, costMicros: 5 * M }, { model: 'claude-opus-5' })
  const price = { input: 1 * M, output: 1 * M, cacheRead: 1 * M, cacheWrite: 1 * M }

  it('prices the successor', () => {
    expect(savingsOf([legacy], ruledBy({ model: 'claude-opus-5-5', price }))).toMatchObject([{ savesMicros: 4 * M }])
  })

  it('names a successor of its own', () => {
    const retired = line({ inputTokens: M, costMicros: 4 * M })
    const rules = ruledBy({ model: 'claude-opus-5-5', retirement: { successor: 'claude-sonnet-5-5' } })
    expect(savingsOf([retired], rules)).toMatchObject([{ kind: 'cheaper-successor', otherModel: 'claude-sonnet-5-5' }])
  })

  it('keeps what it has hidden from being advice', () => {
    expect(savingsOf([legacy], ruledBy({ model: 'claude-opus-5-5', isAllowed: false }))).toEqual([])
    const main = line({ inputTokens: 50 * M, costMicros: 100 * M }, { model: 'claude-sonnet-5-5' })
    const title = line({ requests: 100, inputTokens: M, outputTokens: 5_000, costMicros: 4_100_000 })
    const other = savingsOf([main, title], ruledBy({ model: 'claude-haiku-5-5', isAllowed: false })).map((each) => each.otherModel)
    expect(other).toHaveLength(1)
    expect(other).not.toContain('claude-haiku-5-5')
  })

  it('prices a model of a server of one’s own, and of that one alone', () => {
    const own = { provider: 'custom', server: 'one.test', model: 'qwen3' } as const
    const warm = line({ inputTokens: 1 * M, cacheReadTokens: 9 * M }, { ...own, chatId: 'warm' })
    const cold = line({ inputTokens: 8 * M, cacheReadTokens: 2 * M }, { ...own, chatId: 'cold' })
    const rules = ruledBy({ ...own, price: { ...price, cacheRead: 0 } })
    expect(savingsOf([warm, cold], rules)).toMatchObject([{ kind: 'cold-cache', savesMicros: 7 * M }])
    expect(savingsOf([warm, cold])).toEqual([])
    const two = { server: 'two.test' }
    expect(
      savingsOf(
        [
          { ...warm, ...two },
          { ...cold, ...two },
        ],
        rules,
      ),
    ).toEqual([])
    expect(savingsOf([{ ...warm, ...two }, cold], rules)).toEqual([])
  })
})

it('names what was paid for answers that were thrown away', () => {
  const lost = line({ abortedRequests: 3, abortedMicros: 60_000, failedRequests: 2, failedMicros: 90_000, costMicros: 500_000 })
  expect(savingsOf([lost])).toEqual([
    saving({ kind: 'failed', requests: 2, costMicros: 90_000, savesMicros: 90_000 }),
    saving({ kind: 'aborted', requests: 3, costMicros: 60_000, savesMicros: 60_000 }),
  ])
})

it('leaves of chats that the reader may not read the numbers alone, joined', () => {
  const legacy = (model: string, chatId: string, isShown: boolean) =>
    line({ costMicros: 5 * M, inputTokens: M }, { model, chatId, isShown })
  const found = savingsOf([
    legacy('claude-opus-5', 'mine', true),
    legacy('claude-opus-5', 'hers', false),
    legacy('claude-opus-4-8', 'his', false),
  ])
  expect(found.map(({ model, otherModel, costMicros }) => ({ model, otherModel, costMicros }))).toEqual([
    { model: PRIVATE, otherModel: null, costMicros: 10 * M },
    { model: 'claude-opus-5', otherModel: 'claude-opus-5-5', costMicros: 5 * M },
  ])
  expect(JSON.stringify(found)).not.toMatch(/hers|his|4-8/)
})
