/**
 * Budgets in plain SQL, as people set and see them. What is spent of them stands in ledgers: `ledger-store.ts`.
 * A budget's ledger has its id as the key.
 */
import { periodAt, type Budget, type BudgetPeriod, type BudgetScope } from '#core/budgets/budget.ts'
import { isSeenBy } from '#server/access/chat-privacy.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { record } from '#server/audit/service.ts'
import { BOOKING_LOCK } from '#server/budgets/booking.ts'
import { inTransaction, pool, type PoolClient } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'

export type BudgetRow = Budget & {
  /** Of the project, the person or the chat; empty for the team. */
  name: string
  spentMicros: number
  reservedMicros: number
  startsAt: Date
  endsAt: Date
}

const FIELDS = `b.id as "budgetId", b.scope::text, b."scopeId", b.period::text, b."limitMicros"::float8 as "limitMicros"`

/** Those of the team whose subject is still there, and seen by this person; as they stand at `nowMs`. */
export async function findBudgets({ teamId, userId }: TeamScope, { nowMs }: { nowMs: number }): Promise<BudgetRow[]> {
  const [day, month] = [periodAt('day', nowMs), periodAt('month', nowMs)]
  const { rows } = await pool().query(
    `select ${FIELDS}, coalesce(p.name, w.name, c.title, '') as name,
            coalesce(l.settled, 0)::float8 as "spentMicros", coalesce(l.lent, 0)::float8 as "reservedMicros"
     from budget b
     left join project p on b.scope = 'project' and p.id = b."scopeId" and p."teamId" = b."teamId" and p."archivedAt" is null
     left join member m on b.scope = 'member' and m."userId" = b."scopeId" and m."teamId" = b."teamId"
     left join "user" w on w.id = m."userId"
     left join chat c on b.scope = 'chat' and c.id::text = b."scopeId" and c."teamId" = b."teamId" and ${isSeenBy('$2')}
     left join budget_ledger l on l.key = b.id::text and l."periodStart" = case b.period when 'day' then $3::timestamptz else $4::timestamptz end
     where b."teamId" = $1 and (b.scope = 'team' or p.id is not null or w.id is not null or c.id is not null)
     order by b.scope, name, b.period, b.id`,
    [teamId, userId, day.startsAt, month.startsAt],
  )
  return (rows as Omit<BudgetRow, 'startsAt' | 'endsAt'>[]).map((row) => ({ ...row, ...(row.period === 'day' ? day : month) }))
}

/** All of a team, for whoever spends them. */
export async function loadBudgets(teamId: string): Promise<Budget[]> {
  const { rows } = await pool().query<Budget>(`select ${FIELDS} from budget b where b."teamId" = $1 order by b.id`, [teamId])
  return rows
}

export async function isMember({ teamId }: TeamScope, userId: string): Promise<boolean> {
  const { rowCount } = await pool().query('select from member where "teamId" = $1 and "userId" = $2', [teamId, userId])
  return rowCount === 1
}

type Setting = { scope: BudgetScope; scopeId: string; period: BudgetPeriod; limitMicros: number; nowMs: number }

export async function upsertBudget(
  { teamId, userId }: TeamScope,
  { scope, scopeId, period, limitMicros, nowMs }: Setting,
): Promise<string> {
  return inTransaction(async (tx) => {
    // Nobody books meanwhile: what is settled so far is read below, and whoever books afterwards finds the budget.
    await tx.query('select pg_advisory_xact_lock($1)', [BOOKING_LOCK])
    const { rows } = await tx.query<{ id: string; isNew: boolean }>(
      `insert into budget (id, "teamId", scope, "scopeId", period, "limitMicros") values ($1, $2, $3::budget_scope, $4, $5::budget_period, $6)
       on conflict ("teamId", scope, "scopeId", period) do update set "limitMicros" = excluded."limitMicros"
       returning id, (xmax = 0) as "isNew"`,
      [mintUuid(), teamId, scope, scopeId, period, limitMicros],
    )
    const { id, isNew } = rows[0]!
    if (isNew) await openLedger(tx, { budgetId: id, teamId, scope, scopeId, startsAt: periodAt(period, nowMs).startsAt })
    await record(tx, {
      teamId,
      actorId: userId,
      act: 'budget.set',
      subject: { kind: 'budget', id },
      facts: { ...whose({ scope, scopeId }), period, limitMicros },
    })
    return id
  })
}

/** Counts what its scope has spent in the running period already. */
async function openLedger(
  tx: PoolClient,
  { budgetId, teamId, scope, scopeId, startsAt }: { budgetId: string; teamId: string; scope: BudgetScope; scopeId: string; startsAt: Date },
): Promise<void> {
  const mine: Record<BudgetScope, string> = {
    team: 'u."teamId" = $2',
    project: 'u."projectId" = $2',
    member: 'coalesce(u."userId", c."createdBy") = $2',
    chat: 'u."chatId"::text = $2',
  }
  await tx.query(
    `insert into budget_ledger (key, "periodStart", settled)
     select $1, $3, coalesce(sum(coalesce(u."budgetMicros", u."costMicros")), 0)
     from usage_record u left join chat c on c.id = u."chatId"
     where u."teamId" = $4 and ${mine[scope]} and u."startedAt" >= $3 and u.outcome <> 'open'`,
    [budgetId, scopeId, startsAt, teamId],
  )
}

/** @returns whether it was still there */
export async function deleteBudget({ teamId, userId }: TeamScope, { budgetId, scope, scopeId, period }: Budget): Promise<boolean> {
  return inTransaction(async (tx) => {
    const { rowCount } = await tx.query('delete from budget where id = $1 and "teamId" = $2', [budgetId, teamId])
    if (rowCount === 0) return false
    await tx.query('delete from budget_ledger where key = $1', [budgetId])
    await tx.query('delete from budget_loan where key = $1', [budgetId])
    const subject = { kind: 'budget', id: budgetId } as const
    await record(tx, { teamId, actorId: userId, act: 'budget.removed', subject, facts: { ...whose({ scope, scopeId }), period } })
    return true
  })
}

const whose = ({ scope, scopeId }: Pick<Budget, 'scope' | 'scopeId'>) => ({
  scope,
  ...(scope === 'project' && { projectId: scopeId }),
  ...(scope === 'member' && { ownerId: scopeId }),
  ...(scope === 'chat' && { chatId: scopeId }),
})
