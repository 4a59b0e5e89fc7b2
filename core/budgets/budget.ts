/**
 * What a budget is: how much a team, a project, a member or a chat may spend in each day or month. Days and months
 * are those of UTC, for everybody alike. Amounts are millionths of a US dollar.
 * How requests share one: `ledger.ts`; what a request is expected to cost: `estimate.ts`.
 */

export const budgetScopes = ['team', 'project', 'member', 'chat'] as const
export type BudgetScope = (typeof budgetScopes)[number]
export const budgetPeriods = ['day', 'month'] as const
export type BudgetPeriod = (typeof budgetPeriods)[number]

export type Budget = {
  budgetId: string
  scope: BudgetScope
  /** Of the team, the project, the person or the chat. */
  scopeId: string
  period: BudgetPeriod
  limitMicros: number
}

/** For whom a request is made; `userId` is the author of the prompt that it serves. */
export type Spender = { teamId: string; projectId: string; userId: string; chatId: string }

export const scopeIdOf = (spender: Spender): Record<BudgetScope, string> => ({
  team: spender.teamId,
  project: spender.projectId,
  member: spender.userId,
  chat: spender.chatId,
})

/** The day or month that holds this instant: from `startsAt` to before `endsAt`. */
export function periodAt(period: BudgetPeriod, atMs: number): { startsAt: Date; endsAt: Date } {
  const at = new Date(atMs)
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()]
  return period === 'day'
    ? { startsAt: new Date(Date.UTC(year, month, day)), endsAt: new Date(Date.UTC(year, month, day + 1)) }
    : { startsAt: new Date(Date.UTC(year, month)), endsAt: new Date(Date.UTC(year, month + 1)) }
}

export type BudgetState = 'ok' | 'warned' | 'exhausted'

/** People are warned at four fifths. A budget of nothing is spent from the start. */
export function stateOf({ limitMicros, spentMicros }: { limitMicros: number; spentMicros: number }): BudgetState {
  if (spentMicros >= limitMicros) return 'exhausted'
  return spentMicros * 5 >= limitMicros * 4 ? 'warned' : 'ok'
}

// --- words -------------------------------------------------------------------------------------------------

/** Facts of `budget.exhausted` and `budget.busy`; `endsAt` as ISO 8601. `unpriced`: a day's tokens of models without a price. */
export type BudgetFacts =
  | { scope: BudgetScope; period: BudgetPeriod; limitMicros: number; endsAt: string }
  | { scope: 'unpriced'; period: 'day'; limitTokens: number; endsAt: string }

/** Of a failure that was stored with them; null when they are not there. */
export function budgetFacts(facts: Readonly<Record<string, unknown>>): BudgetFacts | null {
  const { scope, period, limitMicros, limitTokens, endsAt } = facts
  if (typeof endsAt !== 'string' || !budgetPeriods.includes(period as BudgetPeriod)) return null
  if (scope === 'unpriced') return typeof limitTokens === 'number' ? { scope, period: 'day', limitTokens, endsAt } : null
  if (!budgetScopes.includes(scope as BudgetScope) || typeof limitMicros !== 'number') return null
  return { scope: scope as BudgetScope, period: period as BudgetPeriod, limitMicros, endsAt }
}

const owners: Record<BudgetScope, string> = {
  team: "The team's budget",
  project: "The project's budget",
  member: 'The budget of whoever sent this prompt',
  chat: "This chat's budget",
}

export const dollars = (micros: number): string =>
  `$${(micros / 1_000_000).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`

const nameOf = (facts: BudgetFacts): string =>
  facts.scope === 'unpriced'
    ? `The team's allowance of ${facts.limitTokens.toLocaleString('en-US')} tokens of models without a price for today`
    : `${owners[facts.scope]} of ${dollars(facts.limitMicros)} for ${facts.period === 'day' ? 'today' : 'this month'}`

const firstDay = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', timeZone: 'UTC' })

/** “The project's budget of $20.00 for today is spent. It starts anew at 00:00 UTC, or an admin can raise it.” */
export const sayExhausted = (facts: BudgetFacts): string =>
  `${nameOf(facts)} is spent. It starts anew ${facts.period === 'day' ? '' : `on ${firstDay.format(new Date(facts.endsAt))} `}at 00:00 UTC, or an admin can raise it.`

export const sayBusy = (facts: BudgetFacts): string =>
  `${nameOf(facts)} is reserved to its end by requests under way. Send the prompt again once they are done.`
