/**
 * The last days in sums, told apart in each way by itself: for scripts (`usage.summary`). The pages read `report-service.ts`,
 * from the same rows.
 */
import { addDays, dayOfMs } from '#core/usage/span.ts'
import type { UsageSums } from '#core/usage/sums.ts'
import { enterProject, type TeamScope } from '#server/access/scope.ts'
import { pool } from '#server/db/client.ts'
import { source, sumBy, sumOf } from '#server/usage/report-store.ts'

const MOST_ROWS = 500

const keys = [
  'requests',
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'costMicros',
  'unpricedRequests',
  'subscriptionTurns',
] as const satisfies readonly (keyof UsageSums)[]
type Sums = Pick<UsageSums, (typeof keys)[number]>

/** What others do in private chats stands in one sum, without who and with which model: `isSeen` is false there. */
export type UsageSummary = {
  totals: Sums
  byDay: (Sums & { day: string })[]
  byModel: (Sums & { isSeen: boolean; model: string | null; provider: string })[]
  byMember: (Sums & { isSeen: boolean; userId: string | null; name: string | null })[]
  byProject: (Sums & { projectId: string; name: string | null })[]
  byHarness: (UsageSums & { harness: string })[]
  byProvider: (UsageSums & { provider: string })[]
}

/**
 * Days are those of UTC; the newest is today.
 * @throws project.missing
 */
export async function summarise(
  scope: TeamScope,
  { projectId, days }: { projectId?: string | undefined; days: number },
): Promise<UsageSummary> {
  if (projectId !== undefined) await enterProject(scope, { act: 'read', projectId })
  const today = dayOfMs(Date.now())
  const asked = { from: addDays(today, 1 - days), to: today, filter: projectId === undefined ? {} : { project: projectId } }
  const { rows, values } = source(scope, asked)
  const counted = `${rows} and (d.requests > 0 or d."subscriptionTurns" > 0)`
  const sums = keys.map((key) => `${sumOf(`d."${key}"`)} as "${key}"`).join(', ')
  const ask = async <T>(sql: string): Promise<T[]> => (await pool().query(sql, values)).rows as T[]
  const dearest = 'order by "costMicros" desc, requests desc'
  const byKey = async <K extends 'harness' | 'provider'>(by: K) =>
    (await sumBy(scope, asked, { by, before: null, limit: MOST_ROWS })).rows.map(
      ({ key, costBeforeMicros: _, tokensBefore: __, requestsBefore: ___, ...all }) =>
        ({ [by]: key, ...all }) as UsageSums & Record<K, string>,
    )
  const [totals, byDay, byModel, byMember, byProject, byHarness, byProvider] = await Promise.all([
    ask<Sums>(`select ${sums} ${counted}`),
    ask<UsageSummary['byDay'][number]>(`select to_char(d.day, 'YYYY-MM-DD') as day, ${sums} ${counted} group by 1 order by 1`),
    ask<UsageSummary['byModel'][number]>(
      `select c.id is not null as "isSeen", case when c.id is not null then nullif(d.model, '') end as model, d.provider, ${sums}
       ${counted} group by 1, 2, 3 ${dearest}`,
    ),
    ask<UsageSummary['byMember'][number]>(
      `select s.*, w.name
       from (select c.id is not null as "isSeen", case when c.id is not null then nullif(d."userId", '') end as "userId", ${sums} ${counted} group by 1, 2) s
       left join "user" w on w.id = s."userId" ${dearest}`,
    ),
    ask<UsageSummary['byProject'][number]>(
      `select s.*, p.name from (select d."projectId", ${sums} ${counted} group by 1) s left join project p on p.id = s."projectId" ${dearest}`,
    ),
    byKey('harness'),
    byKey('provider'),
  ])
  return { totals: totals[0]!, byDay, byModel, byMember, byProject, byHarness, byProvider }
}
