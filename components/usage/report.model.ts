/** What the usage pages make of a report: names, points of a chart, changes, the order of rows. */
import { harnessName } from '#core/harnesses/registry.ts'
import { providerName } from '#core/providers/presets.ts'
import { NOBODY, OTHERS, PRIVATE, type Dimension } from '#core/usage/dimensions.ts'
import { eachDay, type Span } from '#core/usage/span.ts'
import { allTokens, cacheShare, readTokens, type UsageSums } from '#core/usage/sums.ts'
import { saySpan, type Measure, type Sort, type SortKey } from '#components/usage/address.model.ts'
import { formatMoney } from '#components/ui/numbers.ts'
import type { Outputs } from '#components/trpc/trpc.ts'

export type Report = Outputs['usage']['report']
export type Row = Report['rows'][number]
export type Names = Report['names']

export const dimensionWords: Readonly<Record<Dimension, string>> = {
  day: 'Day',
  project: 'Project',
  member: 'Member',
  harness: 'Agent',
  provider: 'Provider',
  model: 'Model',
  chat: 'Chat',
  credential: 'Credential',
}

const coveredWords: Partial<Record<Dimension, string>> = {
  chat: 'Private and deleted chats',
  member: 'In private and deleted chats',
  model: 'In private and deleted chats',
  credential: 'In private and deleted chats',
}

/** What a row or a filter is called; never empty. */
export function nameOf(by: Dimension, key: string, names: Names): string {
  if (key === OTHERS) return 'Others'
  if (key === PRIVATE) return coveredWords[by] ?? key
  const name = names[by]?.[key]
  switch (by) {
    case 'day':
      return saySpan({ from: key, to: key })
    case 'harness':
      return harnessName(key)
    case 'provider':
      return providerName(key)
    case 'model':
      return key === NOBODY ? 'No model named' : key
    case 'project':
      return name ?? 'A removed project'
    case 'member':
      return key === NOBODY ? 'Outside of a prompt' : (name ?? 'A former member')
    case 'chat':
      return name === undefined ? 'A chat that is gone' : name || 'Untitled chat'
    case 'credential':
      return name ?? 'A removed credential'
  }
}

/** Cost where anything has a price, unless somebody chose. */
export const measureOf = (chosen: Measure | null, totals: UsageSums): Measure => chosen ?? (totals.costMicros > 0 ? 'cost' : 'tokens')

/** Whether a cost says all: some requests may have no price, or be a subscription's. */
export const isUnknownCost = (sums: UsageSums): boolean => sums.costMicros === 0 && sums.unpricedRequests + sums.subscriptionTurns > 0

/** A cost, never "$0.00" for what has no price. */
export function sayCostOf(sums: UsageSums): string {
  if (isUnknownCost(sums)) return sums.unpricedRequests > 0 ? 'No price' : 'Subscription'
  return `${sums.unpricedRequests > 0 ? '≥ ' : ''}${formatMoney(sums.costMicros)}`
}

export type Series = {
  key: string
  name: string
  costMicros: number
  tokens: number
  /** Nothing of it has a price, which is not the same as no cost. */
  isUnpriced: boolean
}
/** One day of the chart: a value for each series, in the chosen measure. */
export type Point = { day: string } & Record<`value${number}`, number>

/** The biggest series first and the others last; a day without use is a point of zeros. */
export function chartOf(
  report: Pick<Report, 'series' | 'names'>,
  { stack, measure, span }: { stack: Dimension; measure: Measure; span: Span },
): { series: Series[]; points: Point[] } {
  const size = (each: { costMicros: number; tokens: number }) => (measure === 'cost' ? each.costMicros : each.tokens)
  const series = [...Map.groupBy(report.series, (row) => row.key)]
    .map(([key, rows]) => ({
      key,
      name: nameOf(stack, key, report.names),
      costMicros: rows.reduce((sum, row) => sum + row.costMicros, 0),
      tokens: rows.reduce((sum, row) => sum + row.tokens, 0),
      isUnpriced: rows.every((row) => row.costMicros === 0) && rows.some((row) => row.unpricedTokens > 0),
    }))
    .sort((a, b) => Number(a.key === OTHERS) - Number(b.key === OTHERS) || size(b) - size(a))
  const byDay = Map.groupBy(report.series, (row) => row.day)
  const points = eachDay(span).map((day) => {
    const rows = byDay.get(day) ?? []
    const values = series.map(({ key }, index) => {
      const row = rows.find((each) => each.key === key)
      return [`value${index}`, row ? size(row) : 0] as const
    })
    return { day, ...Object.fromEntries(values) } as Point
  })
  return { series, points }
}

/** How much more than before, as a part of it; null where there was nothing to compare with. */
export const changeOf = (now: number, before: number): number | null => (before > 0 ? (now - before) / before : null)

/** "12 % more", "as much", "5.2 times as much", "new". */
export function sayChange(now: number, before: number): string {
  const change = changeOf(now, before)
  if (change === null) return now > 0 ? 'new' : 'none'
  if (change >= 2) return `${(change + 1).toFixed(1)} times`
  const percent = Math.round(change * 100)
  if (percent === 0) return 'as much'
  return `${Math.abs(percent)} % ${percent > 0 ? 'more' : 'less'}`
}

/** "81 %"; what is a little is not nothing, and nearly all is not all. */
export function sayShare(share: number | null): string {
  if (share === null) return '—'
  const percent = Math.round(share * 100)
  if (percent === 0 && share > 0) return '<1 %'
  if (percent === 100 && share < 1) return '>99 %'
  return `${percent} %`
}

const sizes: Readonly<Record<Exclude<SortKey, 'name'>, (row: Row) => number>> = {
  cost: (row) => row.costMicros,
  change: (row) => changeOf(row.costMicros, row.costBeforeMicros) ?? Number.MAX_VALUE,
  requests: (row) => row.requests,
  input: readTokens,
  cached: (row) => cacheShare(row) ?? -1,
  output: (row) => row.outputTokens,
}

/** Where two are alike, they stay as the server has them. */
export function sortedRows(rows: readonly Row[], sort: Sort | null, nameOfRow: (row: Row) => string): readonly Row[] {
  if (!sort) return rows
  const sign = sort.isDescending ? -1 : 1
  if (sort.key === 'name') return rows.toSorted((a, b) => sign * nameOfRow(a).localeCompare(nameOfRow(b), 'en', { numeric: true }))
  const size = sizes[sort.key]
  return rows.toSorted((a, b) => sign * (size(a) - size(b)))
}

/** Of the biggest, for the length of a bar. */
export function barsOf(rows: readonly Row[], measure: Measure): (row: Row) => number {
  const size = (row: Row) => (measure === 'cost' ? row.costMicros : allTokens(row))
  const biggest = rows.reduce((most, row) => Math.max(most, size(row)), 0)
  return (row) => (biggest > 0 ? size(row) / biggest : 0)
}
