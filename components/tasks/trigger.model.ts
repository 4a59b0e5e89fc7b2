/** What a form says of a schedule, as far as it is one. Pure. */
import { Schedule, type weekdays } from '#core/tasks/schedule.ts'

export type ScheduleDraft = {
  every: Schedule['every']
  at: string
  weekday: (typeof weekdays)[number]
  minute: string
  timeZone: string
}

/** Null while something of it is no time. */
export function scheduleOf({ every, at, weekday, minute, timeZone }: ScheduleDraft): Schedule | null {
  const parsed = Schedule.safeParse({ every, at, weekday, minute: minute.trim() === '' ? null : Number(minute), timeZone: timeZone.trim() })
  return parsed.success ? parsed.data : null
}
