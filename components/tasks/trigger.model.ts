/** What a form says of a schedule, as far as it is one, and of a template, to whom else it matters. Pure. */
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

type Starting = { templateId: string; name: string; ownerId: string; ownerName: string; isEnabled: boolean; startsChat: boolean }

/** What this person's change of a template switches off, as the server does; null when it is nothing. */
export function stopWarning(triggers: readonly Starting[], { templateId, userId }: { templateId: string; userId: string }): string | null {
  const stopped = triggers.filter((each) => each.templateId === templateId && each.ownerId !== userId && each.isEnabled && each.startsChat)
  if (stopped.length === 0) return null
  const named = stopped.map(({ name, ownerName }) => `“${name}” of ${ownerName}`).join(', ')
  return `If you change the title, the instructions or the agent, what starts it for others is switched off: ${named}.`
}
