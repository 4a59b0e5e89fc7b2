/**
 * Reports on what was used. Everybody in a team sees all of its numbers; of a chat that they may not read, the numbers
 * alone (`report-store.ts`).
 */
import { priceOf } from '#core/models/catalog.ts'
import type { ModelRules } from '#core/models/rules.ts'
import { cacheHealth, healthOf, type CacheHealth, type CacheLine } from '#core/usage/cache-health.ts'
import { filterable, PRIVATE, type Dimension, type UsageFilter } from '#core/usage/dimensions.ts'
import { findSavings, type Saving } from '#core/usage/savings.ts'
import type { Span } from '#core/usage/span.ts'
import type { UsageSums } from '#core/usage/sums.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { rulesFor } from '#server/models/rules.ts'
import { exportRequests, exportSums, findRequests, type RequestPage } from '#server/usage/report-requests.ts'
import {
  namesOf,
  sumAll,
  sumBy,
  sumByChat,
  sumByModel,
  sumSeries,
  type Asked,
  type ModelRow,
  type SeriesRow,
  type SumsRow,
} from '#server/usage/report-store.ts'

/** As many rows as a table shows at once, and as many series as a chart tells apart. */
const MOST_ROWS = 500
const MOST_SERIES = 5
const MOST_SAVINGS = 50

export type Names = Partial<Record<Dimension, Record<string, string>>>

export type ReportInput = Asked & {
  by: Dimension
  stack: Exclude<Dimension, 'day'>
  measure: 'cost' | 'tokens'
  /** What it is compared with. */
  before: Span | null
}

export type Report = {
  totals: UsageSums
  totalsBefore: UsageSums | null
  rows: SumsRow[]
  /** Of all rows, also of those beyond the table. */
  rowCount: number
  series: SeriesRow[]
  /** Of everything above and of the filter; what is not in it speaks for itself or is gone. */
  names: Names
}

export async function report(scope: TeamScope, { by, stack, measure, before, ...asked }: ReportInput): Promise<Report> {
  const [totals, totalsBefore, { rows, count }, series] = await Promise.all([
    sumAll(scope, asked),
    before && sumAll(scope, { ...asked, ...before }),
    sumBy(scope, asked, { by, before, limit: MOST_ROWS }),
    sumSeries(scope, asked, { stack, measure, most: MOST_SERIES }),
  ])
  const names = await allNames(scope, known(asked.filter, totals.requests + totals.lostRequests + totals.subscriptionTurns > 0), [
    [by, rows.map((row) => row.key)],
    [stack, series.map((row) => row.key)],
  ])
  return { totals, totalsBefore, rows, rowCount: count, series, names }
}

const toLine = ({ key, model, sums, ...where }: ModelRow, rules: ModelRules): CacheLine => ({
  key,
  // What a subscription pays has no price, whatever its models cost elsewhere.
  price: sums.subscriptionTurns > 0 ? null : priceOf({ ...where, rules }, model),
  sums,
})

/** How much caches gave, by `by`, and what the rest cost. */
export async function reportCaches(
  scope: TeamScope,
  { by, ...asked }: Asked & { by: Dimension },
): Promise<{ all: CacheHealth; rows: CacheHealth[]; rowCount: number; names: Names }> {
  const [found, rules] = await Promise.all([sumByModel(scope, asked, by), rulesFor(scope.teamId)])
  const lines = found.map((row) => toLine(row, rules))
  const all = cacheHealth(lines).filter((each) => each.readTokens > 0)
  const rows = all.slice(0, MOST_ROWS)
  const names = await allNames(scope, known(asked.filter, lines.length > 0), [[by, rows.map((row) => row.key)]])
  // A rate beside covered models would tell which they are.
  const told = rows.map((row) => (row.key === PRIVATE ? { ...row, missMicrosPerMillion: null } : row))
  return { all: healthOf('', lines), rows: told, rowCount: all.length, names }
}

/** What could have been spent less, the most first. */
export async function reportSavings(scope: TeamScope, asked: Asked): Promise<{ savings: Saving[]; totals: UsageSums; names: Names }> {
  const [lines, totals, rules] = await Promise.all([sumByChat(scope, asked), sumAll(scope, asked), rulesFor(scope.teamId)])
  const savings = findSavings(lines, rules).slice(0, MOST_SAVINGS)
  const names = await allNames(scope, known(asked.filter, lines.length > 0), [['chat', savings.flatMap((each) => each.chatId ?? [])]])
  return { savings, totals, names }
}

/** A filter that finds nothing may hold an id of somewhere else: it gets no name. */
const known = (filter: UsageFilter, hasFound: boolean): UsageFilter => (hasFound ? filter : {})

async function allNames(
  scope: TeamScope,
  filter: UsageFilter,
  wanted: readonly (readonly [Dimension, readonly string[]])[],
): Promise<Names> {
  const filtered = filterable.map((each) => [each, filter[each] === undefined ? [] : [filter[each]]] as const)
  const byDimension = Map.groupBy([...filtered, ...wanted], ([dimension]) => dimension)
  const named = [...byDimension].map(async ([dimension, parts]) => {
    const keys = new Set(parts.flatMap(([, each]) => each))
    return [dimension, await namesOf(scope, dimension, [...keys])] as const
  })
  return Object.fromEntries((await Promise.all(named)).filter(([, found]) => Object.keys(found).length > 0))
}

type Page = { cursor: string | null; limit: number }

export async function reportRequests(scope: TeamScope, { cursor, limit, ...asked }: Asked & Page): Promise<RequestPage & { names: Names }> {
  const page = await findRequests(scope, asked, { cursor, limit })
  return { ...page, names: await allNames(scope, known(asked.filter, page.requests.length > 0), []) }
}

/** The same span and filter as a file: every request, or the sums of a table. */
export const exportUsage = (
  scope: TeamScope,
  { of, by, cursor, limit, ...asked }: Asked & Page & { of: 'requests' | 'sums'; by: Dimension },
): Promise<{ contents: string; nextCursor: string | null }> =>
  of === 'requests' ? exportRequests(scope, asked, { cursor, limit }) : exportSums(scope, asked, by)
