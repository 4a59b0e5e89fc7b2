import { describe, expect, it } from 'vitest'
import { daysIn, eachDay, readSpan, spanBefore, spanOf, spanProblem, writeSpan, type SpanChoice } from '#core/usage/span.ts'

const custom = { from: '2026-02-27', to: '2026-03-01' }

describe('a chosen span, and the one it is compared with', () => {
  it.each<[SpanChoice, string, [string, string], [string, string]]>([
    ['7', '2026-03-02', ['2026-02-24', '2026-03-02'], ['2026-02-17', '2026-02-23']],
    ['30', '2026-01-05', ['2025-12-07', '2026-01-05'], ['2025-11-07', '2025-12-06']],
    ['90', '2024-03-01', ['2023-12-03', '2024-03-01'], ['2023-09-04', '2023-12-02']],
    ['month', '2026-11-27', ['2026-11-01', '2026-11-27'], ['2026-10-01', '2026-10-27']],
    ['month', '2026-03-31', ['2026-03-01', '2026-03-31'], ['2026-02-01', '2026-02-28']],
    ['month', '2026-01-01', ['2026-01-01', '2026-01-01'], ['2025-12-01', '2025-12-01']],
    [custom, '2026-11-27', ['2026-02-27', '2026-03-01'], ['2026-02-24', '2026-02-26']],
  ])('%j on %s', (choice, today, [from, to], [beforeFrom, beforeTo]) => {
    expect(spanOf(choice, today)).toEqual({ from, to })
    expect(spanBefore(choice, today)).toEqual({ from: beforeFrom, to: beforeTo })
  })
})

it('counts and lists days across the end of a month', () => {
  expect(daysIn(custom)).toBe(3)
  expect(eachDay(custom)).toEqual(['2026-02-27', '2026-02-28', '2026-03-01'])
})

it.each([
  [{ from: '2026-03-01', to: '2026-03-01' }, null],
  [{ from: '2026-03-02', to: '2026-03-01' }, 'backwards'],
  [{ from: '2026-02-30', to: '2026-03-01' }, 'not-a-day'],
  [{ from: '', to: '2026-03-01' }, 'not-a-day'],
  [{ from: '2025-01-01', to: '2026-01-01' }, null],
  [{ from: '2025-01-01', to: '2026-01-02' }, 'too-long'],
] as const)('judges %j', (span, problem) => expect(spanProblem(span)).toBe(problem))

it('survives an address, and reads nonsense as 30 days', () => {
  for (const choice of ['7', '30', '90', 'month', custom] as const) expect(readSpan(writeSpan(choice))).toEqual(choice)
  for (const text of [null, '', '31', '2026-01-01', '2026-01-02..2026-01-01', 'a..b', '2020-01-01..2026-01-01'])
    expect(readSpan(text)).toBe('30')
})
