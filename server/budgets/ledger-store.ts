/**
 * Ledgers and loans in the database: lent here, spent in `booking.ts`. A ledger's row lock is taken first by everything that changes it or a loan on it,
 * several in the order of key and period; the arithmetic is `core/budgets/ledger.ts`.
 */
import { lend, type LoanAnswer } from '#core/budgets/ledger.ts'
import { inTransaction, prepared, type PoolClient } from '#server/db/client.ts'

export type Account = { key: string; periodStart: Date }

/** Of a team's tokens of models without a price. */
export const unpricedKey = (teamId: string): string => `unpriced/${teamId}`

export type LoanQuery = Account & { processId: string; limit: number; need: number; extra: number; mayPass: boolean }

/** Lends as much as the rules allow; nothing may be a part of it. */
export async function lendTo({ key, periodStart, processId, limit, need, extra, mayPass }: LoanQuery): Promise<LoanAnswer> {
  return inTransaction(async (tx) => {
    const [ledger] = await lock(tx, [{ key, periodStart }])
    const { rows } = await tx.query<{ held: number }>(
      'select held::float8 as held from budget_loan where key = $1 and "periodStart" = $2 and "processId" = $3',
      [key, periodStart, processId],
    )
    const answer = lend(ledger!, { limit, held: rows[0]?.held ?? 0, need, extra, mayPass })
    if (answer.granted > 0) await changeLoan(tx, { key, periodStart, processId, by: answer.granted })
    return answer
  })
}

/** What a process does not need any more: `amount` of it, or whatever it holds when that is null. Makes no ledger of a budget that is gone. */
export async function giveBack(given: Account & { processId: string; amount: number | null }): Promise<void> {
  const { key, periodStart, processId, amount } = given
  await inTransaction(async (tx) => {
    await tx.query('select from budget_ledger where key = $1 and "periodStart" = $2 for update', [key, periodStart])
    const { rows } = await tx.query<{ held: number }>(
      'select held::float8 as held from budget_loan where key = $1 and "periodStart" = $2 and "processId" = $3',
      [key, periodStart, processId],
    )
    const [loan] = rows
    if (loan) await changeLoan(tx, { key, periodStart, processId, by: -Math.min(amount ?? loan.held, loan.held) })
  })
}

/** Everything that a process held: it is gone, or others took it for gone. */
export async function releaseLoans(processId: string): Promise<void> {
  await inTransaction(async (tx) => {
    const { rows } = await tx.query<Account>(
      'select key, "periodStart" from budget_loan where "processId" = $1 order by key, "periodStart"',
      [processId],
    )
    if (rows.length === 0) return
    await lock(tx, rows)
    await tx.query(
      `with gone as (delete from budget_loan where "processId" = $1 returning key, "periodStart", held)
       update budget_ledger l set lent = l.lent - g.held from gone g where l.key = g.key and l."periodStart" = g."periodStart"`,
      [processId],
    )
  })
}

export const columns = (accounts: readonly Account[]) => [accounts.map(({ key }) => key), accounts.map(({ periodStart }) => periodStart)]

const LOCK = prepared(
  'lock-ledgers',
  `insert into budget_ledger (key, "periodStart") select * from unnest($1::text[], $2::timestamptz[]) order by 1, 2
   on conflict (key, "periodStart") do update set settled = budget_ledger.settled
   returning key, "periodStart", settled::float8 as settled, lent::float8 as lent`,
)

/** Makes what is not there yet, and holds the rows until the transaction ends. In the order of key and period. */
export async function lock(tx: PoolClient, accounts: readonly Account[]): Promise<(Account & { settled: number; lent: number })[]> {
  const { rows } = await tx.query(LOCK(columns(accounts)))
  return rows
}

async function changeLoan(tx: PoolClient, { key, periodStart, processId, by }: Account & { processId: string; by: number }): Promise<void> {
  await tx.query(
    `with l as (update budget_ledger set lent = lent + $4 where key = $1 and "periodStart" = $2)
     insert into budget_loan (key, "periodStart", "processId", held) values ($1, $2, $3, $4)
     on conflict (key, "periodStart", "processId") do update set held = budget_loan.held + excluded.held`,
    [key, periodStart, processId, by],
  )
  if (by <= 0)
    await tx.query('delete from budget_loan where key = $1 and "periodStart" = $2 and "processId" = $3 and held <= 0', [
      key,
      periodStart,
      processId,
    ])
}
