import { describe, expect, it } from 'vitest'
import {
  barOf,
  inOrder,
  inputOf,
  kindOf,
  ownerOf,
  pressing,
  readDollars,
  sayGone,
  sayRenewal,
  type Budget,
} from '#components/budgets/budget.model.ts'

const M = 1_000_000
const budget = (more: Partial<Budget> = {}): Budget => ({
  budgetId: 'b',
  scope: { is: 'team' },
  period: 'day',
  limitMicros: 20 * M,
  spentMicros: 16.4 * M,
  reservedMicros: 0,
  startsAt: '2026-03-10T00:00:00.000Z',
  endsAt: '2026-03-11T00:00:00.000Z',
  state: 'warned',
  ...more,
})

it('says whose it is and how much is gone', () => {
  expect([ownerOf(budget()), kindOf(budget()), sayGone(budget())]).toEqual(['Whole team', 'team budget', '$16.40 of $20 today'])
  const chat = budget({ scope: { is: 'chat', chatId: 'c', title: '' }, period: 'month', limitMicros: 1_250.5 * M })
  expect([ownerOf(chat), kindOf(chat), sayGone(chat)]).toEqual(['Untitled chat', 'chat budget', '$16.40 of $1,250.50 this month'])
})

it.each([
  ['day', '2026-03-11T00:00:00.000Z', '2026-03-10T18:40:30Z', 'in 5 h 20 min, at 00:00 UTC'],
  ['day', '2026-03-11T00:00:00.000Z', '2026-03-10T23:59:59Z', 'in 1 min, at 00:00 UTC'],
  ['day', '2026-03-11T00:00:00.000Z', '2026-03-11T00:00:01Z', 'any moment now'],
  ['month', '2027-01-01T00:00:00.000Z', '2026-12-10T00:00:00Z', 'on 1 January, at 00:00 UTC'],
] as const)('renews: %s, %s', (period, endsAt, now, words) => expect(sayRenewal({ period, endsAt }, Date.parse(now))).toBe(words))

it.each([
  [50, 20, 100, { spent: 0.5, reserved: 0.2 }],
  [90, 20, 100, { spent: 0.9, reserved: 0.09999999999999998 }],
  [150, 20, 100, { spent: 1, reserved: 0 }],
  [0, 0, 0, { spent: 1, reserved: 0 }],
])('draws %d and %d of %d', (spentMicros, reservedMicros, limitMicros, bar) => {
  expect(barOf({ spentMicros, reservedMicros, limitMicros })).toEqual(bar)
})

it('speaks of the one that is nearest to its end', () => {
  const ok = budget({ budgetId: 'ok', state: 'ok', spentMicros: 1 })
  const warned = budget({ budgetId: 'warned' })
  const nearer = budget({ budgetId: 'nearer', spentMicros: 19 * M })
  const spent = budget({ budgetId: 'spent', state: 'exhausted', spentMicros: 25 * M })
  const longer = { ...spent, budgetId: 'longer', endsAt: '2026-04-01T00:00:00.000Z' }
  expect(pressing([])).toBeNull()
  expect(pressing([ok])).toBeNull()
  expect(pressing([ok, warned, nearer])?.budgetId).toBe('nearer')
  expect(pressing([nearer, spent, longer])?.budgetId).toBe('longer')
})

it('stands in order: who, name, day before month', () => {
  const of = (scope: Budget['scope'], period: Budget['period'] = 'day') => budget({ scope, period })
  const project = (name: string) => ({ is: 'project', projectId: name, name }) as const
  const all = [
    of({ is: 'chat', chatId: 'c', title: 'a' }),
    of(project('b10')),
    of(project('b9'), 'month'),
    of(project('b9')),
    of({ is: 'team' }),
  ]
  expect(inOrder(all).map((each) => [ownerOf(each), each.period])).toEqual([
    ['Whole team', 'day'],
    ['b9', 'day'],
    ['b9', 'month'],
    ['b10', 'day'],
    ['a', 'day'],
  ])
})

describe('an amount', () => {
  it.each([
    ['20', 20 * M],
    [' $1,250.50 ', 1_250.5 * M],
    ['0', 0],
    ['0.01', 10_000],
    ['12.5', 12.5 * M],
    ['10000000', 10_000_000 * M],
  ])('%j is read', (text, micros) => expect(readDollars(text)).toEqual({ micros, problem: null }))
  it.each(['', '  ', '-1', '1.234', '1e9', 'many', '20 €', '10000001', '1,2'])('%j is not', (text) => {
    expect(readDollars(text)).toMatchObject({ micros: null, problem: expect.stringMatching(/[.]$/) })
  })
})

it('can be set again as it was', () => {
  const input = { period: 'day', limitMicros: 20 * M }
  expect(inputOf(budget())).toEqual({ ...input, scope: { is: 'team' } })
  expect(inputOf(budget({ scope: { is: 'project', projectId: 'p', name: 'P' } }))).toEqual({
    ...input,
    scope: { is: 'project', projectId: 'p' },
  })
  expect(inputOf(budget({ scope: { is: 'member', userId: 'u', name: 'U' } }))).toEqual({ ...input, scope: { is: 'member', userId: 'u' } })
  expect(inputOf(budget({ scope: { is: 'chat', chatId: 'c', title: 'C' } }))).toEqual({ ...input, scope: { is: 'chat', chatId: 'c' } })
})
