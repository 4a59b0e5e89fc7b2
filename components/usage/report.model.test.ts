import { describe, expect, it } from 'vitest'
import { NOBODY, OTHERS, PRIVATE, type Dimension } from '#core/usage/dimensions.ts'
import { noSums } from '#core/usage/sums.ts'
import { barsOf, chartOf, measureOf, nameOf, sayChange, sayCostOf, sayShare, sortedRows, type Row } from '#components/usage/report.model.ts'

const row = (key: string, more: Partial<Row> = {}): Row => ({
  ...noSums,
  key,
  costBeforeMicros: 0,
  tokensBefore: 0,
  requestsBefore: 0,
  ...more,
})

it.each<[Dimension, string, string]>([
  ['day', '2026-03-02', '2 Mar 2026'],
  ['project', 'p', 'Greeter'],
  ['project', 'gone', 'A removed project'],
  ['member', NOBODY, 'Outside of a prompt'],
  ['member', 'gone', 'A former member'],
  ['harness', 'claude-code', 'Claude Code'],
  ['provider', 'anthropic', 'Anthropic'],
  ['model', 'gpt', 'gpt'],
  ['model', NOBODY, 'No model named'],
  ['model', PRIVATE, 'In private and deleted chats'],
  ['chat', PRIVATE, 'Private and deleted chats'],
  ['chat', 'untitled', 'Untitled chat'],
  ['chat', 'gone', 'A chat that is gone'],
  ['credential', 'gone', 'A removed credential'],
  ['chat', OTHERS, 'Others'],
])('calls %s %j %s', (by, key, name) => {
  expect(nameOf(by, key, { project: { p: 'Greeter' }, chat: { untitled: '' } })).toBe(name)
})

it('says a cost only where there is one', () => {
  expect(sayCostOf({ ...noSums, requests: 1 })).toBe('$0.00')
  expect(sayCostOf({ ...noSums, unpricedRequests: 2, subscriptionTurns: 1 })).toBe('No price')
  expect(sayCostOf({ ...noSums, subscriptionTurns: 1 })).toBe('Subscription')
  expect(sayCostOf({ ...noSums, costMicros: 2_500_000, unpricedRequests: 1 })).toBe('≥ $2.50')
  expect(sayCostOf({ ...noSums, costMicros: 2_500_000, subscriptionTurns: 1 })).toBe('$2.50')
})

it('measures cost where there is any, unless somebody chose', () => {
  expect(measureOf(null, { ...noSums, costMicros: 1 })).toBe('cost')
  expect(measureOf(null, noSums)).toBe('tokens')
  expect(measureOf('cost', noSums)).toBe('cost')
})

it('draws every day, the biggest series first and the others last', () => {
  const each = (day: string, key: string, costMicros: number, tokens: number) => ({
    day,
    key,
    costMicros,
    tokens,
    unpricedTokens: costMicros === 0 ? tokens : 0,
  })
  const report = {
    names: {},
    series: [
      each('2026-03-01', OTHERS, 90, 1),
      each('2026-03-01', 'a', 5, 9),
      each('2026-03-03', 'b', 7, 2),
      each('2026-03-03', 'c', 0, 1),
    ],
  }
  const asked = { stack: 'model', span: { from: '2026-03-01', to: '2026-03-03' } } as const
  expect(chartOf(report, { ...asked, measure: 'cost' })).toEqual({
    series: [
      { key: 'b', name: 'b', costMicros: 7, tokens: 2, isUnpriced: false },
      { key: 'a', name: 'a', costMicros: 5, tokens: 9, isUnpriced: false },
      { key: 'c', name: 'c', costMicros: 0, tokens: 1, isUnpriced: true },
      { key: OTHERS, name: 'Others', costMicros: 90, tokens: 1, isUnpriced: false },
    ],
    points: [
      { day: '2026-03-01', value0: 0, value1: 5, value2: 0, value3: 90 },
      { day: '2026-03-02', value0: 0, value1: 0, value2: 0, value3: 0 },
      { day: '2026-03-03', value0: 7, value1: 0, value2: 0, value3: 0 },
    ],
  })
  expect(chartOf(report, { ...asked, measure: 'tokens' }).series.map((one) => one.key)).toEqual(['a', 'b', 'c', OTHERS])
})

describe('words', () => {
  it.each([
    [0, 0, 'none'],
    [5, 0, 'new'],
    [100, 100, 'as much'],
    [112, 100, '12 % more'],
    [88, 100, '12 % less'],
    [0, 100, '100 % less'],
    [299, 100, '199 % more'],
    [520, 100, '5.2 times'],
  ])('%d after %d is %s', (now, before, words) => expect(sayChange(now, before)).toBe(words))

  it.each([
    [null, '—'],
    [0, '0 %'],
    [0.001, '<1 %'],
    [0.814, '81 %'],
    [0.999, '>99 %'],
    [1, '100 %'],
  ])('a share of %s is %s', (share, words) => expect(sayShare(share)).toBe(words))
})

describe('rows', () => {
  const rows = [
    row('b', { costMicros: 30, costBeforeMicros: 10, inputTokens: 9 }),
    row('a10', { costMicros: 20, inputTokens: 5, cacheReadTokens: 5 }),
    row('a9', { costMicros: 10, costBeforeMicros: 10, outputTokens: 90 }),
  ]
  const keys = (key: Parameters<typeof sortedRows>[1]) => sortedRows(rows, key, (each) => each.key).map((each) => each.key)

  it.each([
    [null, ['b', 'a10', 'a9']],
    [{ key: 'name', isDescending: false }, ['a9', 'a10', 'b']],
    [{ key: 'cost', isDescending: false }, ['a9', 'a10', 'b']],
    [{ key: 'change', isDescending: true }, ['a10', 'b', 'a9']],
    [{ key: 'input', isDescending: true }, ['a10', 'b', 'a9']],
    [{ key: 'cached', isDescending: true }, ['a10', 'b', 'a9']],
    [{ key: 'output', isDescending: true }, ['a9', 'b', 'a10']],
  ] as const)('stand in order of %j', (sort, wanted) => expect(keys(sort)).toEqual(wanted))

  it('have bars as long as they are big', () => {
    expect(rows.map(barsOf(rows, 'cost'))).toEqual([1, 2 / 3, 1 / 3])
    expect(rows.map(barsOf(rows, 'tokens'))).toEqual([0.1, 1 / 9, 1])
    expect([row('z')].map(barsOf([row('z')], 'cost'))).toEqual([0])
  })
})
