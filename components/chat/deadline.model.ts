const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** "2 d left", "23 h left", "5 min left", "32 s left": how long a question can still be answered. */
export function timeLeft(ms: number): string {
  if (ms <= 0) return 'its time is over'
  if (ms >= 48 * HOUR_MS) return `${Math.floor(ms / (24 * HOUR_MS))} d left`
  if (ms >= HOUR_MS) return `${Math.floor(ms / HOUR_MS)} h left`
  if (ms >= MINUTE_MS) return `${Math.floor(ms / MINUTE_MS)} min left`
  return `${Math.ceil(ms / SECOND_MS)} s left`
}
