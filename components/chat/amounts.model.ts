/** How costs, tokens and times of day are said on the chat screen; plain numbers are `components/ui/numbers.ts`'s. */
import type { Usage } from '#core/chat/view.ts'
import { allTokens, cacheShare, readTokens } from '#core/usage/sums.ts'
import { formatDuration, formatMoney, formatShort } from '#components/ui/numbers.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** To a tenth of a second: nobody reads hundredths. */
export const sayDuration = (durationMs: number): string =>
  formatDuration(durationMs < SECOND_MS ? durationMs : Math.round(durationMs / 100) * 100)

/**
 * The cost of some requests; null when there is nothing to say. A request without a price makes it a lower bound; what a
 * subscription pays has none by its nature, which is nothing to wonder about.
 */
export function sayCost(usage: Pick<Usage, 'requests' | 'costMicros' | 'hasUnpriced' | 'subscriptionTurns'>): string | null {
  if (usage.requests === 0) return usage.subscriptionTurns === 0 ? null : 'on a subscription'
  if (usage.hasUnpriced) return usage.costMicros === 0 ? 'no price' : `at least ${formatMoney(usage.costMicros)}`
  return usage.subscriptionTurns === 0 ? formatMoney(usage.costMicros) : `${formatMoney(usage.costMicros)} and a subscription`
}

/** "12.3k in, 4.1k out"; input counts what was read from and written to the cache too. */
export function sayTokenFlow(usage: Usage): string | null {
  // An agent on its own login may say nothing, and nothing is not none.
  if (usage.requests === 0 && allTokens(usage) === 0) return null
  return `${formatShort(readTokens(usage))} in, ${formatShort(usage.outputTokens)} out`
}

/** "81 % cached", of the input; null when no cache gave anything. */
export function sayCached(usage: Usage): string | null {
  const share = cacheShare(usage)
  return share === null || share === 0 ? null : `${sayPercent(share)} cached`
}

/** "81 %"; a little is not nothing, and nearly all is not all. */
export function sayPercent(share: number): string {
  const percent = Math.round(share * 100)
  if (percent === 0 && share > 0) return '<1 %'
  return percent === 100 && share < 1 ? '>99 %' : `${percent} %`
}

/** "14:02" in the reader's time zone. */
export function sayClock(iso: string): string {
  return new Date(iso).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
}

/** The reader's calendar day, "2026-11-21": equal strings are the same day. */
export function dayOf(iso: string): string {
  const date = new Date(iso)
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`
}

/** "Today", "Yesterday", "Thursday 20 November", with the year when it is not this one. */
export function sayDay(day: string, nowMs: number): string {
  if (day === dayOf(new Date(nowMs).toISOString())) return 'Today'
  if (day === dayOf(new Date(nowMs - 24 * HOUR_MS).toISOString())) return 'Yesterday'
  const date = new Date(`${day}T12:00:00`)
  const isThisYear = date.getFullYear() === new Date(nowMs).getFullYear()
  return date
    .toLocaleDateString('en-GB', { weekday: 'long', day: 'numeric', month: 'long', ...(isThisYear ? {} : { year: 'numeric' }) })
    .replace(',', '')
}

/** "3 s ago", "5 min ago", then the time of day. */
export function sayAgo(iso: string, nowMs: number): string {
  const passed = nowMs - Date.parse(iso)
  if (passed < 5 * SECOND_MS) return 'just now'
  if (passed < MINUTE_MS) return `${Math.floor(passed / SECOND_MS)} s ago`
  if (passed < HOUR_MS) return `${Math.floor(passed / MINUTE_MS)} min ago`
  return `at ${sayClock(iso)}`
}

/** "1 file", "2 files". */
export const sayCount = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`
