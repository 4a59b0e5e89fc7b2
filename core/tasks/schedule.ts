/**
 * When a schedule is due: each hour, day or week at a time of a time zone's clock. Time is an argument. Where clocks go
 * forward over that time it is due as much later; where they go back over it, the first time.
 */
import { z } from 'zod'

export const isTimeZone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

const TimeZone = z.string().min(1).max(60).refine(isTimeZone, { error: 'Expected the name of a time zone, such as Europe/Paris' })
/** On the clock of the zone. */
const At = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'Expected a time such as 09:30' })

export const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const

export const Schedule = z.discriminatedUnion('every', [
  z.object({ every: z.literal('hour'), minute: z.int().min(0).max(59), timeZone: TimeZone }),
  z.object({ every: z.literal('day'), at: At, timeZone: TimeZone }),
  z.object({ every: z.literal('week'), weekday: z.enum(weekdays), at: At, timeZone: TimeZone }),
])
export type Schedule = z.infer<typeof Schedule>

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** The first time after `afterMs` that it is due, in milliseconds since 1970. */
export function nextAfter(schedule: Schedule, afterMs: number): number {
  if (schedule.every === 'hour') return nextMinute(schedule, afterMs)
  const [hour, minute] = schedule.at.split(':').map(Number) as [number, number]
  const today = wallOf(schedule.timeZone, afterMs)
  for (let day = 0; ; day += 1) {
    const wall = Math.floor(today / DAY_MS) * DAY_MS + day * DAY_MS
    if (schedule.every === 'week' && weekdayOf(wall) !== schedule.weekday) continue
    const due = instantOf(schedule.timeZone, wall + hour * HOUR_MS + minute * MINUTE_MS)
    if (due > afterMs) return due
  }
}

/** Past the minute at hand; again where clocks are put by less than an hour on the way. */
function nextMinute({ minute, timeZone }: Extract<Schedule, { every: 'hour' }>, afterMs: number): number {
  let due = Math.floor(afterMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS
  for (;;) {
    const away = (minute - (Math.floor(wallOf(timeZone, due) / MINUTE_MS) % 60) + 60) % 60
    if (away === 0) return due
    due += away * MINUTE_MS
  }
}

export type CaughtUp = { dueAtMs: number; missed: number; nextAtMs: number }

/**
 * For a schedule that was due at `dueAtMs` and is looked at only now: the newest time that has passed, how many passed
 * before it unseen, and the next one to come.
 */
export function catchUp(schedule: Schedule, { dueAtMs, nowMs }: { dueAtMs: number; nowMs: number }): CaughtUp {
  let [due, missed] = [dueAtMs, 0]
  for (let next = nextAfter(schedule, due); next <= nowMs; next = nextAfter(schedule, due)) [due, missed] = [next, missed + 1]
  return { dueAtMs: due, missed, nextAtMs: nextAfter(schedule, due) }
}

export function scheduleWords(schedule: Schedule): string {
  if (schedule.every === 'hour') return `Every hour at :${String(schedule.minute).padStart(2, '0')} (${schedule.timeZone})`
  if (schedule.every === 'day') return `Every day at ${schedule.at} (${schedule.timeZone})`
  return `Every ${schedule.weekday} at ${schedule.at} (${schedule.timeZone})`
}

const weekdayOf = (wallMs: number) => weekdays[(new Date(wallMs).getUTCDay() + 6) % 7]

const formats = new Map<string, Intl.DateTimeFormat>()

/** What the zone's clock and calendar show, as if it were UTC. */
function wallOf(timeZone: string, instantMs: number): number {
  let format = formats.get(timeZone)
  if (!format) {
    const parts = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' } as const
    format = new Intl.DateTimeFormat('en-GB', { timeZone, hourCycle: 'h23', ...parts })
    formats.set(timeZone, format)
  }
  const of = Object.fromEntries(format.formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]))
  return Date.UTC(of['year']!, of['month']! - 1, of['day'], of['hour'], of['minute'], of['second'])
}

/** When the zone's clock shows this: by the offset of before or after any change that day. */
function instantOf(timeZone: string, wallMs: number): number {
  const by = (probe: number) => wallMs - (wallOf(timeZone, probe) - probe)
  const [before, after] = [by(wallMs - DAY_MS), by(wallMs + DAY_MS)]
  const shown = [before, after].filter((instant) => wallOf(timeZone, instant) === wallMs)
  return shown.length > 0 ? Math.min(...shown) : before
}
