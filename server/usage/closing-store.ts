/**
 * How records are closed: the rows, their chats' logs and the budgets in one transaction, all or none. A record is closed
 * once; only one whose process was taken for gone may still be told what it really was. A chat that was deleted meanwhile
 * loses its log, not its bill.
 * The order of locks, each in the order of its ids: records, the heads of chats, ledgers.
 */
import type { ServerFact } from '#core/chat/events.ts'
import { ChatId, type TurnId, type UsageRecordId } from '#core/ids.ts'
import type { Rates } from '#core/models/catalog.ts'
import type { TokenCounts } from '#core/models/usage.ts'
import { BOOKING_LOCK, bookAll, type Booked, type LoanChange } from '#server/budgets/booking.ts'
import type { Reservation } from '#server/budgets/spending.ts'
import { announceAppended, appendServerBatches } from '#server/chats/append.ts'
import { jsonArray, plainArray, textArray } from '#server/db/array-text.ts'
import { inTransaction, pool, prepared, type PoolClient } from '#server/db/client.ts'
import { thisProcess } from '#server/processes/service.ts'
import type { MeteredRequest } from '#server/usage/store.ts'

export type SettledRow = {
  usageRecordId: UsageRecordId
  outcome: 'completed' | 'refused' | 'failed' | 'aborted'
  status: number | null
  failureCode: string | null
  source: 'provider' | 'partial' | 'none'
  tokens: TokenCounts
  /** JSON. */
  rawUsage: string | null
  costMicros: number | null
  /** Of which it was made. */
  rates: Rates | null
  /** What it counts with in budgets, as the columns of the same names say. */
  budgetMicros: number | null
  budgetTokens: number | null
  firstByteMs: number | null
  durationMs: number
}

export type Closing = {
  of: Pick<MeteredRequest, 'teamId' | 'projectId' | 'chatId'>
  startedAt: Date
  row: SettledRow
  /** For the chat's log. */
  facts: readonly ServerFact[]
  reservation: Reservation | null
}

/** What the row says of itself: whose prompt it served, and what it counted with when it was taken for unknown already. */
type Closed = { item: Closing; userId: string | null; formerMicros: number; formerTokens: number }

/** @returns how the loans of this process changed, by record; without those that were closed before */
export async function closeRecords(items: readonly Closing[]): Promise<ReadonlyMap<UsageRecordId, LoanChange[]>> {
  const { appended, changes } = await inTransaction(async (tx) => {
    const closed = await updateSettled(tx, items)
    const told = await appendServerBatches(
      tx,
      [...Map.groupBy(closed, ({ item }) => item.of.chatId)].map(([chatId, each]) => ({
        chatId: chatId as ChatId,
        facts: each.flatMap(({ item }) => item.facts),
      })),
    )
    const loans = await bookAll(tx, { booked: closed.map(bookedOf), processId: thisProcess() })
    return { appended: told, changes: new Map(closed.map(({ item }, at) => [item.row.usageRecordId, loans[at]!])) }
  })
  appended.forEach(announceAppended)
  return changes
}

/** What was taken for unknown has counted with its reservation already. */
function bookedOf({ item: { of, startedAt, row, reservation }, userId, formerMicros, formerTokens }: Closed): Booked {
  return {
    teamId: of.teamId,
    projectId: of.projectId,
    chatId: of.chatId,
    userId,
    startedAt,
    micros: row.budgetMicros === null ? null : row.budgetMicros - formerMicros,
    tokens: row.budgetTokens === null ? null : row.budgetTokens - formerTokens,
    reserved: reservation,
  }
}

const CLOSE = prepared(
  'close-usage-records',
  `with guard as (select pg_advisory_xact_lock_shared($19)),
        f as (select u.id, s.at, u.outcome as former, u."budgetMicros" as "formerMicros", u."budgetTokens" as "formerTokens", s.outcome, s.status,
                     s."failureCode", s.source, s."inputTokens", s."outputTokens", s."cacheReadTokens", s."cacheWriteTokens", s."reasoningTokens",
                     s."rawUsage", s."costMicros", s."firstByteMs", s."durationMs", s."cacheWrite1hTokens", s.rates, s."budgetMicros", s."budgetTokens"
              from guard, unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::text[], $6::int[], $7::int[], $8::int[], $9::int[], $10::int[],
                                 $11::text[], $12::bigint[], $13::int[], $14::int[], $15::int[], $16::text[], $17::bigint[], $18::int[]) with ordinality
                as s(id, outcome, status, "failureCode", source, "inputTokens", "outputTokens", "cacheReadTokens", "cacheWriteTokens",
                     "reasoningTokens", "rawUsage", "costMicros", "firstByteMs", "durationMs", "cacheWrite1hTokens", rates, "budgetMicros", "budgetTokens", at)
              join usage_record u on u.id = s.id
              where u.outcome in ('open', 'unknown') order by u.id for update of u),
        c as (
   update usage_record u set outcome = f.outcome::usage_outcome, status = f.status, "failureCode" = f."failureCode", source = f.source::usage_source,
          "inputTokens" = f."inputTokens", "outputTokens" = f."outputTokens", "cacheReadTokens" = f."cacheReadTokens",
          "cacheWriteTokens" = f."cacheWriteTokens", "reasoningTokens" = f."reasoningTokens", "rawUsage" = f."rawUsage"::jsonb,
          "costMicros" = f."costMicros", "firstByteMs" = f."firstByteMs", "durationMs" = f."durationMs",
          "cacheWrite1hTokens" = f."cacheWrite1hTokens", rates = f.rates::jsonb, "budgetMicros" = f."budgetMicros", "budgetTokens" = f."budgetTokens"
   from f where u.id = f.id
   returning json_build_array(f.at, u."userId", case f.former when 'unknown' then f."formerMicros" end,
                              case f.former when 'unknown' then f."formerTokens" end) as row)
   select json_agg(row)::text as rows from c`,
)

/** Without those that were closed before. */
async function updateSettled(tx: PoolClient, items: readonly Closing[]): Promise<Closed[]> {
  const { rows } = await tx.query<{ rows: string | null }>(
    CLOSE([
      plainArray(items, ({ row }) => row.usageRecordId),
      plainArray(items, ({ row }) => row.outcome),
      plainArray(items, ({ row }) => row.status),
      textArray(items, ({ row }) => row.failureCode),
      plainArray(items, ({ row }) => row.source),
      plainArray(items, ({ row }) => row.tokens.inputTokens),
      plainArray(items, ({ row }) => row.tokens.outputTokens),
      plainArray(items, ({ row }) => row.tokens.cacheReadTokens),
      plainArray(items, ({ row }) => row.tokens.cacheWriteTokens),
      plainArray(items, ({ row }) => row.tokens.reasoningTokens),
      jsonArray(items, ({ row }) => row.rawUsage),
      plainArray(items, ({ row }) => row.costMicros),
      plainArray(items, ({ row }) => row.firstByteMs),
      plainArray(items, ({ row }) => row.durationMs),
      plainArray(items, ({ row }) => row.tokens.cacheWrite1hTokens ?? 0),
      jsonArray(items, ({ row }) => row.rates && JSON.stringify(row.rates)),
      plainArray(items, ({ row }) => row.budgetMicros),
      plainArray(items, ({ row }) => row.budgetTokens),
      BOOKING_LOCK,
    ]),
  )
  const closed = JSON.parse(rows[0]!.rows ?? '[]') as [number, string | null, number | null, number | null][]
  return closed.map(([at, userId, formerMicros, formerTokens]) => ({
    item: items[at - 1]!,
    userId,
    formerMicros: formerMicros ?? 0,
    formerTokens: formerTokens ?? 0,
  }))
}

// --- what a dead process left ------------------------------------------------------------------------------

/** Chats with records that this process left open, of those that it opened after `since` where that is given. */
export async function findAbandoned({
  processId,
  since,
}: {
  processId: string
  since: Date | null
}): Promise<Map<string, UsageRecordId[]>> {
  const { rows } = await pool().query<{ chatId: string; ids: UsageRecordId[] }>(
    `select "chatId", array_agg(id) as ids from usage_record
     where "processId" = $1 and outcome = 'open' and ($2::timestamptz is null or "startedAt" > $2) group by "chatId" order by "chatId"`,
    [processId, since],
  )
  return new Map(rows.map(({ chatId, ids }) => [chatId, ids]))
}

type Abandoned = Omit<Booked, 'reserved'> & { id: UsageRecordId; turnId: TurnId | null; provider: string; model: string | null }

/**
 * Nobody knows what they used, and that is not nothing: they go on counting with what was reserved, and the chat hears of
 * a request without a price.
 */
export async function closeAsUnknown({ chatId, ids }: { chatId: string; ids: readonly UsageRecordId[] }): Promise<number> {
  const { appended, count } = await inTransaction(async (tx) => {
    const { rows } = await tx.query<Abandoned>(
      `with guard as (select pg_advisory_xact_lock_shared($2)),
            former as (select u.id from guard, usage_record u where u.id = any($1) and u.outcome = 'open' order by u.id for update of u)
       update usage_record u set outcome = 'unknown' from former f where u.id = f.id
       returning u.id, u."teamId", u."projectId", u."chatId", u."userId", u."startedAt", u."turnId", u.provider, u.model,
                 u."budgetMicros"::float8 as micros, u."budgetTokens" as tokens`,
      [ids, BOOKING_LOCK],
    )
    const told = await appendServerBatches(tx, [{ chatId: ChatId.parse(chatId), facts: rows.map(unknownFact) }])
    await bookAll(tx, { booked: rows.map((row) => ({ ...row, reserved: null })), processId: thisProcess() })
    return { appended: told, count: rows.length }
  })
  appended.forEach(announceAppended)
  return count
}

const unknownFact = ({ id, turnId, provider, model }: Abandoned): ServerFact => ({
  type: 'usage.metered',
  turnId,
  usageRecordId: id,
  provider,
  model,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  costMicros: null,
})
