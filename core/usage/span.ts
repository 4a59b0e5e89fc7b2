/** Spans of days, as reports count them: days of UTC as `YYYY-MM-DD`, both ends included. */
export type Span = { from: string; to: string }

/** What a person chooses: so many days up to today, the month so far, or two dates. */
export type SpanChoice = '7' | '30' | '90' | 'month' | Span

export const presets = ['7', '30', '90', 'month'] as const satisfies readonly SpanChoice[]
/** The longest span that is asked for at once. */
export const MAX_DAYS = 366

const DAY_MS = 86_400_000
const msOf = (day: string): number => Date.parse(`${day}T00:00:00Z`)

export const dayOfMs = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

/** `count` may be negative. */
export const addDays = (day: string, count: number): string => dayOfMs(msOf(day) + count * DAY_MS)

export const daysIn = ({ from, to }: Span): number => (msOf(to) - msOf(from)) / DAY_MS + 1

/** Every day of it, in order. */
export const eachDay = (span: Span): string[] => Array.from({ length: daysIn(span) }, (_, index) => addDays(span.from, index))

export function spanOf(choice: SpanChoice, today: string): Span {
  if (typeof choice === 'object') return choice
  if (choice === 'month') return { from: `${today.slice(0, 8)}01`, to: today }
  return { from: addDays(today, 1 - Number(choice)), to: today }
}

/**
 * What a span is compared with: as many days, directly before it. The month so far is compared with the same days of the
 * month before, which may have fewer.
 */
export function spanBefore(choice: SpanChoice, today: string): Span {
  const span = spanOf(choice, today)
  if (choice !== 'month') return { from: addDays(span.from, -daysIn(span)), to: addDays(span.from, -1) }
  const lastOfBefore = addDays(span.from, -1)
  const month = lastOfBefore.slice(0, 8)
  const sameDay = `${month}${today.slice(8)}`
  return { from: `${month}01`, to: sameDay < lastOfBefore ? sameDay : lastOfBefore }
}

const isDay = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(msOf(text)) && dayOfMs(msOf(text)) === text

/** Why two dates are no span; null when they are one. */
export function spanProblem({ from, to }: Span): 'not-a-day' | 'backwards' | 'too-long' | null {
  if (!isDay(from) || !isDay(to)) return 'not-a-day'
  if (to < from) return 'backwards'
  return daysIn({ from, to }) > MAX_DAYS ? 'too-long' : null
}

/** As it stands in an address: `30`, `month`, `2026-03-01..2026-03-31`. */
export const writeSpan = (choice: SpanChoice): string => (typeof choice === 'object' ? `${choice.from}..${choice.to}` : choice)

/** What is no span reads as the last 30 days. */
export function readSpan(text: string | null): SpanChoice {
  const preset = presets.find((each) => each === text)
  if (preset) return preset
  const [from = '', to = ''] = (text ?? '').split('..')
  return spanProblem({ from, to }) === null ? { from, to } : '30'
}
