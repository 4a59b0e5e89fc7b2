import fc from 'fast-check'
import { expect, it } from 'vitest'
import { catchUp, isTimeZone, nextAfter, Schedule, scheduleWords } from '#core/tasks/schedule.ts'

const ms = (iso: string) => Date.parse(iso)
const iso = (at: number) => new Date(at).toISOString().replace(':00.000Z', 'Z')

it.each([
  ['later today', { every: 'day', at: '09:00', timeZone: 'UTC' }, '2026-03-10T08:59:59Z', '2026-03-10T09:00Z'],
  ['not twice at the very time', { every: 'day', at: '09:00', timeZone: 'UTC' }, '2026-03-10T09:00:00Z', '2026-03-11T09:00Z'],
  ['in its own zone', { every: 'day', at: '00:30', timeZone: 'Asia/Kathmandu' }, '2026-03-10T18:44:00Z', '2026-03-10T18:45Z'],
  [
    'where it is tomorrow already',
    { every: 'day', at: '07:00', timeZone: 'Pacific/Auckland' },
    '2026-07-01T12:00:00Z',
    '2026-07-01T19:00Z',
  ],
  [
    'summer time begins: 02:30 is skipped',
    { every: 'day', at: '02:30', timeZone: 'Europe/Zurich' },
    '2026-03-28T12:00:00Z',
    '2026-03-29T01:30Z',
  ],
  [
    'and is an hour earlier from then on',
    { every: 'day', at: '09:00', timeZone: 'Europe/Zurich' },
    '2026-03-29T07:00:00Z',
    '2026-03-30T07:00Z',
  ],
  [
    'summer time ends: the first 02:30',
    { every: 'day', at: '02:30', timeZone: 'Europe/Zurich' },
    '2026-10-24T12:00:00Z',
    '2026-10-25T00:30Z',
  ],
  ['and not the second', { every: 'day', at: '02:30', timeZone: 'Europe/Zurich' }, '2026-10-25T00:30:00Z', '2026-10-26T01:30Z'],
  ['the next Monday', { every: 'week', weekday: 'Monday', at: '08:00', timeZone: 'UTC' }, '2026-11-27T12:00:00Z', '2026-11-30T08:00Z'],
  ['a week on', { every: 'week', weekday: 'Friday', at: '12:00', timeZone: 'UTC' }, '2026-11-27T12:00:00Z', '2026-12-04T12:00Z'],
  [
    'a Sunday by its own calendar',
    { every: 'week', weekday: 'Sunday', at: '01:00', timeZone: 'Asia/Tokyo' },
    '2026-11-27T12:00:00Z',
    '2026-11-28T16:00Z',
  ],
  ['within the hour', { every: 'hour', minute: 30, timeZone: 'UTC' }, '2026-11-27T12:29:59Z', '2026-11-27T12:30Z'],
  ['the next hour', { every: 'hour', minute: 30, timeZone: 'UTC' }, '2026-11-27T12:30:00Z', '2026-11-27T13:30Z'],
  [
    'an hour of a zone at three quarters',
    { every: 'hour', minute: 0, timeZone: 'Asia/Kathmandu' },
    '2026-11-27T12:00:00Z',
    '2026-11-27T12:15Z',
  ],
  [
    'clocks put by half an hour',
    { every: 'hour', minute: 15, timeZone: 'Australia/Lord_Howe' },
    '2026-10-03T15:20:00Z',
    '2026-10-03T16:15Z',
  ],
] as const)('%s', (_, schedule, after, due) => {
  expect(iso(nextAfter(schedule, ms(after)))).toBe(due)
})

it('fires once for all that passed unseen, and says how many', () => {
  const nightly = { every: 'day', at: '02:00', timeZone: 'UTC' } as const
  const told = (dueAt: string, now: string) => {
    const { dueAtMs, missed, nextAtMs } = catchUp(nightly, { dueAtMs: ms(dueAt), nowMs: ms(now) })
    return [iso(dueAtMs), missed, iso(nextAtMs)]
  }
  expect(told('2026-05-01T02:00Z', '2026-05-01T02:00:03Z')).toEqual(['2026-05-01T02:00Z', 0, '2026-05-02T02:00Z'])
  expect(told('2026-05-01T02:00Z', '2026-05-01T20:00Z')).toEqual(['2026-05-01T02:00Z', 0, '2026-05-02T02:00Z'])
  expect(told('2026-05-01T02:00Z', '2026-05-04T02:00Z')).toEqual(['2026-05-04T02:00Z', 3, '2026-05-05T02:00Z'])
})

const anySchedule = fc
  .tuple(
    fc.constantFrom('hour', 'day', 'week'),
    fc.integer({ min: 0, max: 59 }),
    fc.integer({ min: 0, max: 23 }),
    fc.constantFrom('UTC', 'Europe/Zurich', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/Sao_Paulo'),
  )
  .map(([every, minute, hour, timeZone]) => {
    const at = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
    return Schedule.parse({ every, minute, at, weekday: 'Wednesday', timeZone })
  })
const longest = { hour: 2 * 3_600_000, day: 26 * 3_600_000, week: 170 * 3_600_000 }

it('always comes again, later, and in time', { timeout: 30_000 }, () => {
  fc.assert(
    fc.property(anySchedule, fc.integer({ min: ms('2025-01-01'), max: ms('2028-01-01') }), (schedule, after) => {
      const due = nextAfter(schedule, after)
      expect(due).toBeGreaterThan(after)
      expect(due - after).toBeLessThanOrEqual(longest[schedule.every])
      expect(nextAfter(schedule, due - 1)).toBe(due)
    }),
    { numRuns: 60 },
  )
})

it('knows time zones, and says schedules in words', () => {
  expect([isTimeZone('Europe/Zurich'), isTimeZone('Mars/Olympus')]).toEqual([true, false])
  expect(Schedule.safeParse({ every: 'day', at: '24:00', timeZone: 'UTC' }).success).toBe(false)
  expect(scheduleWords({ every: 'hour', minute: 5, timeZone: 'UTC' })).toBe('Every hour at :05 (UTC)')
  expect(scheduleWords({ every: 'week', weekday: 'Monday', at: '08:00', timeZone: 'UTC' })).toBe('Every Monday at 08:00 (UTC)')
})
