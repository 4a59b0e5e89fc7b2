import { expect, it } from 'vitest'
import { scheduleOf } from '#components/tasks/trigger.model.ts'

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
