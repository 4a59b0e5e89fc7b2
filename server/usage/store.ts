/** Usage records in plain SQL: opened in batches by `opener.ts` alone, read by people. How they are closed: `closing-store.ts`. */
import type { TurnId, UsageRecordId } from '#core/ids.ts'
import type { ProjectScope, TeamScope } from '#server/access/scope.ts'
import { pool } from '#server/db/client.ts'

export type OpenedRow = {
  usageRecordId: UsageRecordId
  teamId: string
  projectId: string
  chatId: string
  runId: string
  harness: string
  provider: string
  dialect: string
  credentialId: string
  credentialVersion: number
  route: string
  model: string
  startedAt: Date
  /** What was reserved for it, as the columns of the same names say. */
  budgetMicros: number | null
  budgetTokens: number | null
  processId: string
}

export const column = <T, K extends keyof T>(rows: readonly T[], key: K): T[K][] => rows.map((row) => row[key])

/**
 * Which turn a request served, and whose prompt it was, is what the chat's head says at
 * this moment: read in the same statement, so no other turn can slip in between.
 */
export async function insertOpened(rows: readonly OpenedRow[]): Promise<Map<UsageRecordId, TurnId | null>> {
  const { rows: inserted } = await pool().query<{ id: UsageRecordId; turnId: TurnId | null }>(
    `insert into usage_record (id, "teamId", "projectId", "chatId", "runId", harness, provider, dialect, "credentialId", "credentialVersion",
                               route, model, "startedAt", "budgetMicros", "budgetTokens", "processId", "turnId", "userId")
     select o.*, h."activeTurn", h."activeBy"
     from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[], $10::int[],
                 $11::text[], $12::text[], $13::timestamptz[], $14::bigint[], $15::int[], $16::uuid[])
       as o(id, "teamId", "projectId", "chatId", "runId", harness, provider, dialect, "credentialId", "credentialVersion", route, model, "startedAt",
            "budgetMicros", "budgetTokens", "processId")
     left join chat_head h on h."chatId" = o."chatId"
     on conflict (id) do nothing
     returning id, "turnId"`,
    [
      column(rows, 'usageRecordId'),
      column(rows, 'teamId'),
      column(rows, 'projectId'),
      column(rows, 'chatId'),
      column(rows, 'runId'),
      column(rows, 'harness'),
      column(rows, 'provider'),
      column(rows, 'dialect'),
      column(rows, 'credentialId'),
      column(rows, 'credentialVersion'),
      column(rows, 'route'),
      column(rows, 'model'),
      column(rows, 'startedAt'),
      column(rows, 'budgetMicros'),
      column(rows, 'budgetTokens'),
      column(rows, 'processId'),
    ],
  )
  return new Map(inserted.map(({ id, turnId }) => [id, turnId]))
}

// --- reading -----------------------------------------------------------------------------------------------

export type UsageRow = {
  usageRecordId: string
  startedAt: string
  userName: string | null
  projectId: string
  chatId: string
  turnId: string | null
  harness: string
  provider: string
  model: string | null
  route: string
  outcome: string
  status: number | null
  source: string
  inputTokens: number
  outputTokens: number
  cacheReadTokens: number
  cacheWriteTokens: number
  reasoningTokens: number
  costMicros: number | null
  firstByteMs: number | null
  durationMs: number | null
}

/** The newest first. */
export async function findRecords(
  scope: TeamScope | ProjectScope,
  { projectId, chatId, limit }: { projectId: string | null; chatId: string | null; limit: number },
): Promise<UsageRow[]> {
  const { rows } = await pool().query(
    `select u.id as "usageRecordId", u."startedAt", w.name as "userName", u."projectId", u."chatId", u."turnId", u.harness, u.provider, u.model, u.route,
            u.outcome::text, u.status, u.source::text, u."inputTokens", u."outputTokens", u."cacheReadTokens", u."cacheWriteTokens", u."reasoningTokens",
            u."costMicros"::float8 as "costMicros", u."firstByteMs", u."durationMs"
     from usage_record u left join "user" w on w.id = u."userId"
     where u."teamId" = $1 and ($2::text is null or u."projectId" = $2) and ($3::text is null or u."chatId"::text = $3)
     order by u."startedAt" desc, u.id desc limit $4`,
    [scope.teamId, projectId, chatId, limit],
  )
  return rows.map((row) => ({ ...row, startedAt: row.startedAt.toISOString() }))
}

export type Sums = {
  requests: number
  inputTokens: number
  outputTokens: number
  cacheReadTokens: number
  cacheWriteTokens: number
  /** Of the priced requests alone. */
  costMicros: number
  unpricedRequests: number
}

const SUMS = `count(*)::int as requests, coalesce(sum("inputTokens"), 0)::float8 as "inputTokens", coalesce(sum("outputTokens"), 0)::float8 as "outputTokens",
  coalesce(sum("cacheReadTokens"), 0)::float8 as "cacheReadTokens", coalesce(sum("cacheWriteTokens"), 0)::float8 as "cacheWriteTokens",
  coalesce(sum("costMicros"), 0)::float8 as "costMicros", (count(*) filter (where "costMicros" is null))::int as "unpricedRequests"`

/** Requests that reached a provider and brought something back, or may have. */
const COUNTED = `"teamId" = $1 and ($2::text is null or "projectId" = $2) and "startedAt" >= (date_trunc('day', now() at time zone 'UTC') at time zone 'UTC') - make_interval(days => $3 - 1)
  and (outcome in ('completed', 'aborted', 'unknown') or source <> 'none')`

export type UsageSummary = {
  totals: Sums
  byDay: (Sums & { day: string })[]
  byModel: (Sums & { model: string | null; provider: string })[]
  byMember: (Sums & { userId: string | null; name: string | null })[]
  byProject: (Sums & { projectId: string; name: string | null })[]
}

/** Days are those of UTC; the newest is today. */
export async function sumUsage(scope: TeamScope, { projectId, days }: { projectId: string | null; days: number }): Promise<UsageSummary> {
  const asked = [scope.teamId, projectId, days]
  const all = <T>(sql: string): Promise<T[]> =>
    pool()
      .query(sql, asked)
      .then((result) => result.rows as T[])
  const [totals, byDay, byModel, byMember, byProject] = await Promise.all([
    all<Sums>(`select ${SUMS} from usage_record where ${COUNTED}`),
    all<UsageSummary['byDay'][number]>(
      `select to_char("startedAt" at time zone 'UTC', 'YYYY-MM-DD') as day, ${SUMS} from usage_record where ${COUNTED} group by 1 order by 1`,
    ),
    all<UsageSummary['byModel'][number]>(
      `select model, provider, ${SUMS} from usage_record where ${COUNTED} group by model, provider order by "costMicros" desc, requests desc`,
    ),
    all<UsageSummary['byMember'][number]>(
      `select s.*, w.name from (select "userId", ${SUMS} from usage_record where ${COUNTED} group by "userId") s left join "user" w on w.id = s."userId"
       order by s."costMicros" desc, s.requests desc`,
    ),
    all<UsageSummary['byProject'][number]>(
      `select s.*, p.name from (select "projectId", ${SUMS} from usage_record where ${COUNTED} group by "projectId") s left join project p on p.id = s."projectId"
       order by s."costMicros" desc, s.requests desc`,
    ),
  ])
  return { totals: totals[0]!, byDay, byModel, byMember, byProject }
}
