import { describe, expect, it } from 'vitest'
import { cacheShare, dayPoints, ranked, type Summary } from '#components/usage/usage.model.ts'

const totals = (costMicros: number, inputTokens = 0): Summary['totals'] => ({
  requests: 1,
  inputTokens,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  costMicros,
  unpricedRequests: 0,
  subscriptionTurns: 0,
})

it('draws a day without use as zero, across the end of a month', () => {
  const byDay = [{ day: '2026-03-01', ...totals(5, 7) }] as Summary['byDay']
  expect(dayPoints(byDay, { days: 3, today: '2026-03-02' })).toEqual([
    { day: '2026-02-28', costMicros: 0, tokens: 0, requests: 0 },
    { day: '2026-03-01', costMicros: 5, tokens: 7, requests: 1 },
    { day: '2026-03-02', costMicros: 0, tokens: 0, requests: 0 },
  ])
})

describe('ranked', () => {
  const named = (rows: readonly (Summary['totals'] & { id: string })[]) =>
    ranked(rows, (row) => ({ key: row.id, name: row.id })).map(({ key, share }) => [key, share])

  it('puts the dearest first', () => {
    expect(
      named([
        { id: 'a', ...totals(1, 900) },
        { id: 'b', ...totals(4) },
      ]),
    ).toEqual([
      ['b', 1],
      ['a', 0.25],
    ])
  })

  it('goes by tokens where nothing has a price', () => {
    expect(
      named([
        { id: 'a', ...totals(0, 10) },
        { id: 'b', ...totals(0, 40) },
      ]),
    ).toEqual([
      ['b', 1],
      ['a', 0.25],
    ])
    expect(named([{ id: 'a', ...totals(0) }])).toEqual([['a', 0]])
  })
})

it('tells how much came from the cache', () => {
  expect(cacheShare({ ...totals(0, 25), cacheReadTokens: 75 })).toBe(0.75)
  expect(cacheShare(totals(0))).toBe(null)
})
