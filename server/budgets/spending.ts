/**
 * What a request reserves before it is sent, and how that is booked: for the proxy and the ledger of records.
 * From: `server/proxy/spending.ts`. Next: `purse.ts`; what it cost is booked in `server/usage/store.ts`.
 */
import { periodAt, type Budget, type BudgetFacts, type Spender } from '#core/budgets/budget.ts'
import { budgetsFor, followBudgets } from '#server/budgets/known.ts'
import { giveBack, lendTo, unpricedKey } from '#server/budgets/ledger-store.ts'
import { Purse, type Allowance, type Outcome, type Reservation } from '#server/budgets/purse.ts'
import { log } from '#server/log.ts'
import { thisProcess } from '#server/processes/service.ts'

export { releaseLoans } from '#server/budgets/ledger-store.ts'
export type { Reservation } from '#server/budgets/purse.ts'

/** An allowance, and what is said of it to people. */
export type ToldAllowance = Allowance & { facts: BudgetFacts }

/** A request waits so long for others that are under way. */
const WAIT_MS = 30_000
const TIDY_MS = 1_000

const purse = new Purse<ToldAllowance>({
  lender: {
    lend: ({ key, periodStart, limit, need, extra, mayPass }) =>
      lendTo({ key, periodStart, limit, need, extra, mayPass, processId: thisProcess() }),
    giveBack: ({ key, periodStart, amount }) => giveBack({ key, periodStart, amount, processId: thisProcess() }),
  },
})

export type Wanted = {
  spender: Spender
  /** What the request may cost; null for a model without a price. */
  micros: number | null
  /** What it may use, and how much of such use the team allows in a day, for a model without a price; null: without end. */
  tokens: number
  unpricedDailyTokens: number | null
}

export type Reserved = { is: 'reserved'; reservation: Reservation | null } | Exclude<Outcome<ToldAllowance>, { is: 'reserved' }>

/**
 * At once in the ordinary case; a promise where something has to be asked or waited for. Rejects when the database fails.
 * @param leaving called only when it waits: aborts when the client leaves
 */
export function reserve(wanted: Wanted, { nowMs, leaving }: { nowMs: number; leaving: () => AbortSignal }): Reserved | Promise<Reserved> {
  const { spender, micros, tokens, unpricedDailyTokens } = wanted
  if (micros === null) {
    if (unpricedDailyTokens === null) return { is: 'reserved', reservation: null }
    return reserveOn([unpricedAllowance({ teamId: spender.teamId, limit: unpricedDailyTokens, nowMs })], tokens, leaving)
  }
  const budgets = budgetsFor(spender)
  if (budgets instanceof Promise)
    return budgets.then((loaded) =>
      reserveOn(
        loaded.map((each) => allowanceOf(each, nowMs)),
        micros,
        leaving,
      ),
    )
  return reserveOn(
    budgets.map((each) => allowanceOf(each, nowMs)),
    micros,
    leaving,
  )
}

function reserveOn(accounts: readonly ToldAllowance[], amount: number, leaving: () => AbortSignal): Reserved | Promise<Reserved> {
  if (accounts.length === 0) return { is: 'reserved', reservation: null }
  const taken = purse.take({ accounts, amount })
  if (taken) return { is: 'reserved', reservation: taken }
  return purse.reserve({ accounts, amount }, { waitMs: WAIT_MS, signal: leaving() })
}

/** Of budgets as they are known now: the same for every request of a period. */
const told = new WeakMap<Budget, { startsMs: number; endsMs: number; allowance: ToldAllowance }>()

function allowanceOf(budget: Budget, nowMs: number): ToldAllowance {
  const known = told.get(budget)
  if (known && known.startsMs <= nowMs && nowMs < known.endsMs) return known.allowance
  const { budgetId, scope, period, limitMicros } = budget
  const { startsAt, endsAt } = periodAt(period, nowMs)
  const allowance = {
    key: budgetId,
    periodStart: startsAt,
    limit: limitMicros,
    facts: { scope, period, limitMicros, endsAt: endsAt.toISOString() },
  }
  told.set(budget, { startsMs: startsAt.getTime(), endsMs: endsAt.getTime(), allowance })
  return allowance
}

/** So many tokens a day of models without a price, for a whole team. */
function unpricedAllowance({ teamId, limit, nowMs }: { teamId: string; limit: number; nowMs: number }): ToldAllowance {
  const { startsAt, endsAt } = periodAt('day', nowMs)
  return {
    key: unpricedKey(teamId),
    periodStart: startsAt,
    limit,
    facts: { scope: 'unpriced', period: 'day', limitTokens: limit, endsAt: endsAt.toISOString() },
  }
}

/** Once the record of the request is closed; without `changes` when it could not be. */
export const settleReservation = (reservation: Reservation, changes: Parameters<typeof purse.settle>[1] = []): void =>
  purse.settle(reservation, changes)

/** Others took this process for gone: what it holds is not its own any more. */
export const forfeitLoans = (): void => purse.forfeit()

/** Gives back what lies idle, follows changes of budgets. @returns to stop it, with everything given back */
export function keepPurse(): () => Promise<void> {
  const tidy = (all: boolean) =>
    purse.tidy({ all }).catch((error: unknown) => log.warn({ err: error }, 'What a budget lent could not be given back'))
  const timer = setInterval(() => void tidy(false), TIDY_MS)
  timer.unref()
  // Under another limit everything is lent anew.
  const stopFollowing = followBudgets(() => void tidy(true))
  return async () => {
    clearInterval(timer)
    stopFollowing()
    await tidy(true)
  }
}
