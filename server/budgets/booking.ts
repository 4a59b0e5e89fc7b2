/**
 * What a closed record counts with, written into the ledgers of the budgets that it counts in: for whoever closes records,
 * in the same transaction. The arithmetic: `core/budgets/ledger.ts`.
 */
import { periodAt, type BudgetPeriod } from '#core/budgets/budget.ts'
import { book } from '#core/budgets/ledger.ts'
import { columns, lock, unpricedKey, type Account } from '#server/budgets/ledger-store.ts'
import { plainArray, textArray } from '#server/db/array-text.ts'
import { prepared, type PoolClient } from '#server/db/client.ts'

/** Whoever books holds it shared; whoever opens a budget's ledger alone, so that no booking is missed or doubled. */
export const BOOKING_LOCK = 7_261_702

/** A record that has just been closed, in the same transaction and under `BOOKING_LOCK`. */
export type Booked = {
  teamId: string
  projectId: string
  chatId: string
  userId: string | null
  startedAt: Date
  /** By how much it counts more than before; null where it does not count. */
  micros: number | null
  tokens: number | null
  /** What its process had reserved for it, on which accounts. */
  reserved: { accounts: readonly (Account & { limit: number })[]; amount: number } | null
}

/** By how much what the process holds has changed. */
export type LoanChange = Account & { by: number }

const LOANS = prepared(
  'loans-of-process',
  `select n.key, n."periodStart", n.held::float8 as held from budget_loan n
   join unnest($1::text[], $2::timestamptz[]) a(key, "periodStart") on a.key = n.key and a."periodStart" = n."periodStart"
   where n."processId" = $3`,
)

const BOOK = prepared(
  'book-budgets',
  `with a as (select * from unnest($1::text[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::bigint[]) a(key, "periodStart", settled, lent, held)),
        n as (update budget_loan n set held = a.held from a
              where n.key = a.key and n."periodStart" = a."periodStart" and n."processId" = $6 and n.held <> a.held)
   update budget_ledger l set settled = a.settled, lent = a.lent from a where l.key = a.key and l."periodStart" = a."periodStart"`,
)

/** @returns for each of `booked` its changes */
export async function bookAll(
  tx: PoolClient,
  { booked, processId }: { booked: readonly Booked[]; processId: string },
): Promise<LoanChange[][]> {
  const entries = await entriesOf(tx, booked)
  const changes = booked.map((): LoanChange[] => [])
  if (entries.length === 0) return changes
  const accounts = [...new Map(entries.map((entry) => [nameOf(entry), { key: entry.key, periodStart: entry.periodStart }])).values()]
  const ledgers = new Map((await lock(tx, accounts)).map((row) => [nameOf(row), { settled: row.settled, lent: row.lent }]))
  // By itself: a loan is read after its ledger's lock was waited for.
  const { rows } = await tx.query<Account & { held: number }>(LOANS([...columns(accounts), processId]))
  const loans = new Map(rows.map((row) => [nameOf(row), row.held]))
  for (const entry of entries) {
    const name = nameOf(entry)
    const held = loans.get(name) ?? 0
    const next = book(ledgers.get(name)!, { limit: entry.limit, held, reserved: entry.reserved, counted: entry.counted })
    ledgers.set(name, next)
    loans.set(name, next.held)
    changes[entry.of]!.push({ key: entry.key, periodStart: entry.periodStart, by: next.held - held })
  }
  const names = accounts.map(nameOf)
  await tx.query(
    BOOK([
      ...columns(accounts),
      names.map((name) => ledgers.get(name)!.settled),
      names.map((name) => ledgers.get(name)!.lent),
      names.map((name) => loans.get(name) ?? 0),
      processId,
    ]),
  )
  return changes
}

const nameOf = ({ key, periodStart }: Account) => `${key} ${periodStart.getTime()}`

type Entry = Account & { of: number; limit: number; counted: number; reserved: number }

const BUDGETS_OF = prepared(
  'budgets-of-records',
  `select e.at::int as at, b.id as key, b.period::text, b."limitMicros"::float8 as limit
   from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality as e("teamId", "projectId", "chatId", "userId", at)
   join budget b on b."teamId" = e."teamId" and b."scopeId" = case b.scope
     when 'team' then e."teamId" when 'project' then e."projectId" when 'chat' then e."chatId"
     else coalesce(e."userId", (select c."createdBy" from chat c where c.id = e."chatId"::uuid)) end`,
)

/**
 * Which accounts each record counts in, as budgets are now: one that was made while the request ran has it as well, one that was
 * removed does not.
 */
async function entriesOf(tx: PoolClient, booked: readonly Booked[]): Promise<Entry[]> {
  const priced = booked.flatMap((each, of) => (each.micros === null ? [] : [{ ...each, of, micros: each.micros }]))
  const entries: Entry[] = booked.flatMap((each, of) => {
    if (each.tokens === null) return []
    const account = { key: unpricedKey(each.teamId), periodStart: periodAt('day', each.startedAt.getTime()).startsAt }
    const limit = each.reserved?.accounts[0]?.limit ?? 0
    return [{ ...account, of, limit, counted: each.tokens, reserved: each.reserved?.amount ?? 0 }]
  })
  if (priced.length === 0) return entries
  const groups = [
    ...Map.groupBy(priced, ({ teamId, projectId, chatId, userId }) => `${teamId}\0${projectId}\0${chatId}\0${userId ?? ''}`).values(),
  ]
  const { rows } = await tx.query<{ at: number; key: string; period: BudgetPeriod; limit: number }>(
    BUDGETS_OF([
      textArray(groups, ([first]) => first!.teamId),
      textArray(groups, ([first]) => first!.projectId),
      plainArray(groups, ([first]) => first!.chatId),
      textArray(groups, ([first]) => first!.userId),
    ]),
  )
  for (const { at, key, period, limit } of rows) {
    for (const { of, startedAt, micros, reserved } of groups[at - 1]!) {
      const periodStart = periodAt(period, startedAt.getTime()).startsAt
      const isReserved = reserved?.accounts.some((each) => each.key === key && each.periodStart.getTime() === periodStart.getTime())
      entries.push({ key, periodStart, of, limit, counted: micros, reserved: isReserved ? reserved!.amount : 0 })
    }
  }
  return entries
}
