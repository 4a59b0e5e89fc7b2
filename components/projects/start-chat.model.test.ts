import { describe, expect, it } from 'vitest'
import { chosenHarness, harnessChoices, modelChoices } from '#components/projects/start-chat.model.ts'

const connection = (harness: string, state: 'active' | 'missing' | 'broken') => ({
  harness,
  name: harness.toUpperCase(),
  resolution: { state, code: null, scope: null, connectionId: null },
})
const connections = [connection('a', 'missing'), connection('b', 'active'), connection('c', 'broken')]

it('offers what can start at once first, and says what the others lack', () => {
  expect(harnessChoices(connections)).toEqual([
    { value: 'b', label: 'B', note: undefined },
    { value: 'a', label: 'A', note: 'Not connected' },
    { value: 'c', label: 'C', note: 'Needs a new credential' },
  ])
})

it('keeps the wish while it can be had', () => {
  expect(chosenHarness({ wish: 'c', connections })).toBe('c')
  expect(chosenHarness({ wish: 'gone', connections })).toBe('b')
  expect(chosenHarness({ wish: null, connections: [] })).toBe(null)
})

describe('modelChoices', () => {
  const model = (id: string, more: object = {}) => ({
    id,
    name: id,
    provider: 'p',
    providerName: 'P',
    lifecycle: 'current' as const,
    contextTokens: 200_000,
    outputTokens: 64_000,
    price: { inputMicros: 3_000_000, outputMicros: 15_000_000, cacheReadMicros: 300_000, cacheWriteMicros: 3_750_000 },
    ...more,
  })

  it('says price and context, and leaves out what was retired', () => {
    const models = [
      model('new'),
      model('old', { lifecycle: 'legacy' }),
      model('gone', { lifecycle: 'retired' }),
      model('own', { price: null }),
    ]
    expect(modelChoices(models)).toEqual([
      { value: 'new', label: 'new', note: '$3 in, $15 out per 1M · 200k context' },
      { value: 'old', label: 'old', note: '$3 in, $15 out per 1M · 200k context · legacy' },
      { value: 'own', label: 'own', note: 'no price · 200k context' },
    ])
  })
})
