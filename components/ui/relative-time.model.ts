const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** "just now", "4 min ago", "3 h ago", "2 d ago", then the date. A clock that is a little behind reads "just now". */
export function relativeTime(at: number, now: number): string {
  const passed = now - at
  if (passed < -MINUTE_MS) return ahead(-passed)
  if (passed < MINUTE_MS) return 'just now'
  if (passed < HOUR_MS) return `${Math.floor(passed / MINUTE_MS)} min ago`
  if (passed < DAY_MS) return `${Math.floor(passed / HOUR_MS)} h ago`
  if (passed < 7 * DAY_MS) return `${Math.floor(passed / DAY_MS)} d ago`
  return absoluteDate(at)
}

const ahead = (ms: number) => {
  if (ms < HOUR_MS) return `in ${Math.ceil(ms / MINUTE_MS)} min`
  if (ms < 2 * DAY_MS) return `in ${Math.round(ms / HOUR_MS)} h`
  return `in ${Math.round(ms / DAY_MS)} d`
}

export const absoluteDate = (at: number): string =>
  new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })

export const absoluteTime = (at: number): string =>
  new Date(at).toLocaleString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' })
