/** What the usage pages show, as it stands in their address: a view that is shared shows the same to others. */
import { dimensions, filterable, type Dimension, type Filterable, type UsageFilter } from '#core/usage/dimensions.ts'
import { addDays, daysIn, readSpan, spanBefore, spanOf, writeSpan, type Span, type SpanChoice } from '#core/usage/span.ts'

export const views = ['spending', 'caches', 'savings', 'requests', 'budgets'] as const
export type View = (typeof views)[number]
export type Measure = 'cost' | 'tokens'

export const sortable = ['name', 'cost', 'change', 'requests', 'input', 'cached', 'output'] as const
export type SortKey = (typeof sortable)[number]
export type Sort = { key: SortKey; isDescending: boolean }

export type UsageAddress = {
  view: View
  span: SpanChoice
  /** By what the table is. */
  by: Dimension
  /** By what the chart is stacked. */
  stack: Filterable
  /** Null: cost, or tokens where nothing has a price. */
  measure: Measure | null
  /** Null: as the server has it, the dearest first and days in their order. */
  sort: Sort | null
  filter: UsageFilter
}

const oneOf = <T extends string>(values: readonly T[], text: string | null | undefined): T | null =>
  values.find((each) => each === text) ?? null

type Params = { get(name: string): string | null }

export function readAddress(params: Params): UsageAddress {
  const [key, order] = (params.get('sort') ?? '').split('.')
  const sortKey = oneOf(sortable, key)
  return {
    view: oneOf(views, params.get('view')) ?? 'spending',
    span: readSpan(params.get('span')),
    by: oneOf(dimensions, params.get('by')) ?? 'model',
    stack: oneOf(filterable, params.get('stack')) ?? 'model',
    measure: oneOf(['cost', 'tokens'] as const, params.get('measure')),
    sort: sortKey && { key: sortKey, isDescending: order !== 'up' },
    filter: Object.fromEntries(
      filterable.flatMap((each) => {
        const value = params.get(each)
        return value === null || value.length > 200 ? [] : [[each, value]]
      }),
    ),
  }
}

/** Without what it would be anyway; '' for the page as it is first seen. */
export function writeAddress({ view, span, by, stack, measure, sort, filter }: UsageAddress): string {
  const params = new URLSearchParams()
  if (view !== 'spending') params.set('view', view)
  if (span !== '30') params.set('span', writeSpan(span))
  if (by !== 'model') params.set('by', by)
  if (stack !== 'model') params.set('stack', stack)
  if (measure) params.set('measure', measure)
  if (sort) params.set('sort', `${sort.key}.${sort.isDescending ? 'down' : 'up'}`)
  for (const each of filterable) if (filter[each] !== undefined) params.set(each, filter[each])
  return params.toString()
}

export const askedOf = ({ span, filter }: UsageAddress, today: string): Span & { filter: UsageFilter } => ({
  ...spanOf(span, today),
  filter,
})

export const reportInput = (address: UsageAddress, today: string) => ({
  ...askedOf(address, today),
  by: address.by,
  stack: address.stack,
  measure: address.measure ?? ('cost' as const),
  before: spanBefore(address.span, today),
})

/** Where a row leads: to the same view, narrowed to it, by what is most worth asking next. A day becomes the span. */
export function narrowed(address: UsageAddress, key: string): UsageAddress {
  const { by, filter } = address
  if (by === 'day') return { ...address, span: { from: key, to: key }, by: 'chat', sort: null }
  const next = { ...filter, [by]: key }
  return { ...address, filter: next, by: following[by].find((each) => next[each as Filterable] === undefined) ?? 'day', sort: null }
}

const following: Readonly<Record<Filterable, readonly Dimension[]>> = {
  project: ['chat', 'member', 'model'],
  member: ['chat', 'model', 'project'],
  harness: ['model', 'project', 'chat'],
  provider: ['model', 'harness', 'chat'],
  model: ['chat', 'member', 'project'],
  chat: ['model', 'day'],
  credential: ['member', 'chat', 'model'],
}

export function without(address: UsageAddress, dimension: Filterable): UsageAddress {
  const { [dimension]: _, ...filter } = address.filter
  return { ...address, filter }
}

const dayWords = (day: string, withYear: boolean) =>
  new Date(`${day}T00:00:00Z`).toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    ...(withYear ? { year: 'numeric' as const } : {}),
    timeZone: 'UTC',
  })

/** "3 Mar", for axes and rows. */
export const sayDayOf = (day: string): string => dayWords(day, false)

/** "3 Mar 2026", "1–31 Mar 2026", "27 Feb – 3 Mar 2026". */
export function saySpan({ from, to }: Span): string {
  if (from === to) return dayWords(from, true)
  if (from.slice(0, 7) === to.slice(0, 7)) return `${Number(from.slice(8))}–${dayWords(to, true)}`
  return `${dayWords(from, from.slice(0, 4) !== to.slice(0, 4))} – ${dayWords(to, true)}`
}

/** What the numbers are compared with, after "than". */
export function sayBefore(choice: SpanChoice, today: string): string {
  if (choice === 'month') return `in ${saySpan(spanBefore(choice, today))}`
  const days = daysIn(spanOf(choice, today))
  return days === 1 ? `on ${saySpan(spanBefore(choice, today))}` : `in the ${days} days before`
}

/** Two dates as somebody types them, not yet judged. */
export const customStart = (choice: SpanChoice, today: string): Span =>
  typeof choice === 'object' ? choice : { from: addDays(today, -29), to: today }
