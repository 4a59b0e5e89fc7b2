import { expect, it } from 'vitest'
import { budgetFacts, periodAt, sayBusy, sayExhausted, stateOf, type BudgetFacts } from '#core/budgets/budget.ts'

const at = (text: string) => new Date(text).getTime()
const iso = ({ startsAt, endsAt }: { startsAt: Date; endsAt: Date }) => [startsAt.toISOString(), endsAt.toISOString()]

it.each([
  ['day', '2026-11-27T23:59:59.999Z', '2026-11-27T00:00:00.000Z', '2026-11-28T00:00:00.000Z'],
  ['day', '2026-11-28T00:00:00.000Z', '2026-11-28T00:00:00.000Z', '2026-11-29T00:00:00.000Z'],
  ['day', '2026-12-31T12:00:00.000Z', '2026-12-31T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
  ['month', '2026-12-31T23:59:59.999Z', '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
  ['month', '2028-02-29T00:00:00.000Z', '2028-02-01T00:00:00.000Z', '2028-03-01T00:00:00.000Z'],
] as const)('a %s that holds %s is one of UTC', (period, moment, startsAt, endsAt) => {
  expect(iso(periodAt(period, at(moment)))).toEqual([startsAt, endsAt])
})

it.each([
  [0, 'ok'],
  [79, 'ok'],
  [80, 'warned'],
  [99, 'warned'],
  [100, 'exhausted'],
  [150, 'exhausted'],
] as const)('at %i of a hundred it is %s', (spentMicros, state) => {
  expect(stateOf({ limitMicros: 100, spentMicros })).toBe(state)
})

it('is spent from the start when it is nothing', () => expect(stateOf({ limitMicros: 0, spentMicros: 0 })).toBe('exhausted'))

const day: BudgetFacts = { scope: 'project', period: 'day', limitMicros: 20_000_000, endsAt: '2026-11-28T00:00:00.000Z' }
const month: BudgetFacts = { scope: 'team', period: 'month', limitMicros: 1_234_500_000, endsAt: '2026-12-01T00:00:00.000Z' }
const unpriced: BudgetFacts = { scope: 'unpriced', period: 'day', limitTokens: 100_000, endsAt: '2026-11-28T00:00:00.000Z' }

it.each([
  [day, "The project's budget of $20.00 for today is spent. It starts anew at 00:00 UTC, or an admin can raise it."],
  [month, "The team's budget of $1,234.50 for this month is spent. It starts anew on 1 December at 00:00 UTC, or an admin can raise it."],
  [
    unpriced,
    "The team's allowance of 100,000 tokens of models without a price for today is spent. It starts anew at 00:00 UTC, or an admin can raise it.",
  ],
])('says of %j when it starts anew', (facts, sentence) => expect(sayExhausted(facts)).toBe(sentence))

it('says that others are under way', () =>
  expect(sayBusy({ ...day, scope: 'chat' })).toBe(
    "This chat's budget of $20.00 for today is reserved to its end by requests under way. Send the prompt again once they are done.",
  ))

it('knows its facts again, and nothing else', () => {
  for (const facts of [day, month, unpriced]) expect(budgetFacts({ ...facts, provider: 'openai' })).toEqual(facts)
  for (const broken of [
    {},
    { ...day, scope: 'planet' },
    { ...day, limitMicros: '1' },
    { ...unpriced, limitTokens: null },
    { ...day, endsAt: 5 },
  ])
    expect(budgetFacts(broken)).toBeNull()
})
