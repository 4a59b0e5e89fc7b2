import { expect, it } from 'vitest'
import { scheduleOf, stopWarning } from '#components/tasks/trigger.model.ts'

const draft = { every: 'day', at: '09:00', weekday: 'Monday', minute: '5', timeZone: ' Europe/Zurich ' } as const

it('keeps of a form what its rhythm needs', () => {
  expect(scheduleOf(draft)).toEqual({ every: 'day', at: '09:00', timeZone: 'Europe/Zurich' })
  expect(scheduleOf({ ...draft, every: 'week' })).toEqual({ every: 'week', weekday: 'Monday', at: '09:00', timeZone: 'Europe/Zurich' })
  expect(scheduleOf({ ...draft, every: 'hour' })).toEqual({ every: 'hour', minute: 5, timeZone: 'Europe/Zurich' })
})

it.each([{ at: '' }, { timeZone: 'Nowhere' }, { every: 'hour', minute: '' }, { every: 'hour', minute: '60' }] as const)(
  'is none yet with %j',
  (more) => {
    expect(scheduleOf({ ...draft, ...more })).toBe(null)
  },
)

it('warns of what a change of a template switches off, and of nothing else', () => {
  const theirs = { templateId: 't', name: 'Nightly', ownerId: 'mei', ownerName: 'Mei', isEnabled: true, startsChat: true }
  const warning = (...triggers: (typeof theirs)[]) => stopWarning(triggers, { templateId: 't', userId: 'ada' })
  const untouched = [{ templateId: 'u' }, { ownerId: 'ada' }, { isEnabled: false }, { startsChat: false }]
  expect(warning(...untouched.map((more) => ({ ...theirs, ...more })))).toBe(null)
  expect(warning(theirs, { ...theirs, name: 'Alarm', ownerName: 'Olu' })).toBe(
    'If you change the title, the instructions or the agent, what starts it for others is switched off: “Nightly” of Mei, “Alarm” of Olu.',
  )
})
