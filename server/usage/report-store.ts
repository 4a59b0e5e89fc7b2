/**
 * Sums for reports, from the rows of `usage_day`, which the database keeps in step with the records. Of a chat that the
 * reader may not read, and of one that is gone, its id, who prompts in it, its model and its credential are covered before
 * anything is filtered or handed out, so that no narrowing of a report tells more than the report.
 */
import type { Dialect } from '#core/providers/dialects.ts'
import { serverOf } from '#core/providers/presets.ts'
import { filterable, OTHERS, PRIVATE, type Dimension, type UsageFilter } from '#core/usage/dimensions.ts'
import type { SavingLine } from '#core/usage/savings.ts'
import type { Span } from '#core/usage/span.ts'
import { sumKeys, type UsageSums } from '#core/usage/sums.ts'
import { isSeenBy } from '#server/access/chat-privacy.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { pool } from '#server/db/client.ts'

export type Asked = Span & { filter: UsageFilter }

const columns: Readonly<Record<Dimension, string>> = {
  day: 'd.day',
  project: 'd."projectId"',
  member: 'd."userId"',
  harness: 'd.harness',
  provider: 'd.provider',
  model: 'd.model',
  chat: 'd."chatId"',
  credential: 'd."credentialId"',
}
const tellsOfChat = (by: Dimension): boolean => by === 'member' || by === 'model' || by === 'chat' || by === 'credential'
const IS_COVERED = 'c.id is null'
const covering = (by: Dimension, value: string, isCovered: string): string =>
  tellsOfChat(by) ? `case when ${isCovered} then '${PRIVATE}' else ${value}::text end` : `${value}::text`

const TOKENS = `(d."inputTokens" + d."outputTokens" + d."cacheReadTokens" + d."cacheWriteTokens")`
const COST = 'd."costMicros"'

/** As doubles: whole up to nine quadrillion, and several times faster to add than numerics. */
export const sumOf = (expression: string, where = 'true') => `coalesce(sum((${expression})::float8) filter (where ${where}), 0)`
const allSums = (where?: string) => sumKeys.map((key) => `${sumOf(`d."${key}"`, where)} as "${key}"`).join(', ')
const again = (keys: readonly string[]) => keys.map((key) => `sum("${key}") as "${key}"`).join(', ')

/** Says at which server of one's own: two of these are two providers. */
const WITH_CREDENTIAL = 'left join credential k on k.id = d."credentialId"'

/** The rows that somebody sees of what they asked for, and the values of the statement's parameters. */
export function source(scope: TeamScope, { from, to, filter }: Asked, join = ''): { rows: string; values: unknown[] } {
  const values: unknown[] = [scope.teamId, scope.userId, from, to]
  const narrowed = filterable.flatMap((each) => {
    const value = filter[each]
    return value === undefined ? [] : [`and ${covering(each, columns[each], IS_COVERED)} = $${values.push(value)}`]
  })
  return {
    rows: `from usage_day d
      left join chat c on c.id = d."chatId" and ${isSeenBy('$2')} ${join}
      where d."teamId" = $1 and d.day between $3::date and $4::date and (d.requests > 0 or d."lostRequests" > 0 or d."subscriptionTurns" > 0) ${narrowed.join(' ')}`,
    values,
  }
}

/**
 * Groups by what a column holds, and covers afterwards: a planner that knows the column expects few groups, and one that
 * sees an expression sorts all rows.
 */
const grouped = (by: Dimension, sums: string, rows: string) =>
  `select ${columns[by]} as raw, ${IS_COVERED} as "isCovered", ${sums} ${rows} group by 1, 2`

const ask = async <T>(sql: string, values: unknown[]): Promise<T[]> => (await pool().query(sql, values)).rows as T[]

export async function sumAll(scope: TeamScope, asked: Asked): Promise<UsageSums> {
  const { rows, values } = source(scope, asked)
  return (await ask<UsageSums>(`select ${allSums()} ${rows}`, values))[0]!
}

export type SumsRow = UsageSums & { key: string; costBeforeMicros: number; tokensBefore: number; requestsBefore: number }

/** The dearest first, then the biggest, but days in their order; at most `limit` of `count`. With what the same keys used `before`. */
export async function sumBy(
  scope: TeamScope,
  asked: Asked,
  { by, before, limit }: { by: Dimension; before: Span | null; limit: number },
): Promise<{ rows: SumsRow[]; count: number }> {
  const { from, to } = asked
  const widest = before ? { from: before.from < from ? before.from : from, to: before.to > to ? before.to : to } : { from, to }
  const { rows, values } = source(scope, { ...asked, ...widest })
  const now = values.push(from, to)
  const then = values.push(before?.from ?? null, before?.to ?? null)
  const isNow = `d.day between $${now - 1}::date and $${now}::date`
  const isThen = `d.day between $${then - 1}::date and $${then}::date`
  const ofBefore = `${sumOf(COST, isThen)} as "costBeforeMicros", ${sumOf(TOKENS, isThen)} as "tokensBefore", ${sumOf('d.requests', isThen)} as "requestsBefore"`
  const found = await ask<SumsRow & { count: number }>(
    `with part as (${grouped(by, `${allSums(isNow)}, ${ofBefore}`, rows)})
     select ${covering(by, 'raw', '"isCovered"')} as key, ${again([...sumKeys, 'costBeforeMicros', 'tokensBefore', 'requestsBefore'])},
       (count(*) over ())::int as count
     from part group by 1 having sum(requests) + sum("lostRequests") + sum("subscriptionTurns") > 0
     order by ${by === 'day' ? '1' : `sum("costMicros") desc, sum("inputTokens" + "outputTokens" + "cacheReadTokens" + "cacheWriteTokens") desc, 1`}
     limit ${limit}`,
    values,
  )
  return { rows: found.map(({ count: _, ...row }) => row), count: found[0]?.count ?? 0 }
}

export type SeriesRow = { day: string; key: string; costMicros: number; tokens: number; unpricedTokens: number }

/** Day by day, told apart by `stack`: its `most` biggest by `measure`, and the others as one. */
export async function sumSeries(
  scope: TeamScope,
  asked: Asked,
  { stack, measure, most }: { stack: Exclude<Dimension, 'day'>; measure: 'cost' | 'tokens'; most: number },
): Promise<SeriesRow[]> {
  const { rows, values } = source(scope, asked)
  const perDay = `select d.day, ${columns[stack]} as raw, ${IS_COVERED} as "isCovered",
    ${sumOf(COST)} as cost, ${sumOf(TOKENS)} as tokens, ${sumOf('d."unpricedTokens"')} as unpriced ${rows} group by 1, 2, 3`
  return ask<SeriesRow>(
    `with part as materialized (select day, ${covering(stack, 'raw', '"isCovered"')} as key, cost, tokens, unpriced from (${perDay}) p),
     biggest as (select key from part group by key order by sum(${measure}) desc, sum(tokens) desc, key limit ${most})
     select to_char(day, 'YYYY-MM-DD') as day, case when key in (select key from biggest) then key else '${OTHERS}' end as key,
       sum(cost) as "costMicros", sum(tokens) as tokens, sum(unpriced) as "unpricedTokens"
     from part group by part.day, 2 order by part.day, 2`,
    values,
  )
}

export type ModelRow = {
  key: string
  provider: string
  /** The host of a custom provider; else null. */
  server: string | null
  dialect: Dialect
  model: string
  sums: UsageSums
}

/** By `by` and, within it, by what a price hangs on. For the server alone: here the models are not covered, only the keys are. */
export async function sumByModel(scope: TeamScope, asked: Asked, by: Dimension): Promise<ModelRow[]> {
  const { rows, values } = source(scope, asked, WITH_CREDENTIAL)
  const found = await ask<Omit<ModelRow, 'sums' | 'server'> & AtServer & UsageSums>(
    `select ${covering(by, 'raw', '"isCovered"')} as key, provider, "baseUrl", dialect, model, ${again(sumKeys)}
     from (select ${columns[by]} as raw, ${IS_COVERED} as "isCovered", d.provider, k."baseUrl", d.dialect, d.model, ${allSums()}
           ${rows} group by 1, 2, 3, 4, 5, 6) p
     group by 1, 2, 3, 4, 5`,
    values,
  )
  return found.map(({ key, provider, baseUrl, dialect, model, ...sums }) => ({
    key,
    provider,
    server: serverOf(provider, baseUrl),
    dialect,
    model,
    sums: sumsIn(sums),
  }))
}

/** The same for each chat, which is not covered either: `isShown` says which the reader may be told of. */
export async function sumByChat(scope: TeamScope, asked: Asked): Promise<SavingLine[]> {
  const { rows, values } = source(scope, asked, WITH_CREDENTIAL)
  const found = await ask<Omit<SavingLine, 'sums' | 'server'> & AtServer & UsageSums>(
    `select d."chatId", not (${IS_COVERED}) as "isShown", d.harness, d.provider, k."baseUrl", d.dialect, d.model, ${allSums()}
     ${rows} group by 1, 2, 3, 4, 5, 6, 7`,
    values,
  )
  return found.map(({ chatId, isShown, harness, provider, baseUrl, dialect, model, ...sums }) => ({
    chatId,
    isShown,
    harness,
    provider,
    server: serverOf(provider, baseUrl),
    dialect,
    model,
    sums: sumsIn(sums),
  }))
}

type AtServer = { baseUrl: string | null }

const sumsIn = (row: UsageSums): UsageSums => Object.fromEntries(sumKeys.map((key) => [key, row[key]])) as UsageSums

/** What ids are called. Members may have left meanwhile, so their ids must come from this team's own rows; other ids are looked for in the team. */
export async function namesOf(scope: TeamScope, by: Dimension, keys: readonly string[]): Promise<Record<string, string>> {
  const tables: Partial<Record<Dimension, string>> = {
    project: `select id, name from project where id = any($2) and "teamId" = $1`,
    member: `select id, name from "user" where id = any($2) and $1 <> ''`,
    chat: `select c.id::text, c.title as name from chat c where c.id::text = any($2) and c."teamId" = $1 and ${isSeenBy('$3')}`,
    credential: `select id, name from credential where id = any($2) and ("teamId" = $1 or "teamId" is null)`,
  }
  const sql = tables[by]
  if (!sql || keys.length === 0) return {}
  const values: unknown[] = [scope.teamId, keys, ...(by === 'chat' ? [scope.userId] : [])]
  return Object.fromEntries((await ask<{ id: string; name: string }>(sql, values)).map(({ id, name }) => [id, name]))
}
