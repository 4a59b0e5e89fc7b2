import { expect, it } from 'vitest'
import { byColumn, costWords, dropMove, dueWords, firstColumn, forToday, localDay, movesOf } from '#components/tasks/board.model.ts'

const task = (state: Parameters<typeof movesOf>[0], more: { dueOn?: string; updatedAt?: string } = {}) => ({
  state,
  dueOn: null,
  updatedAt: '2026-01-01',
  ...more,
})

it('puts what is due first, then what changed last; of what is done the newest', () => {
  const [late, soon, old, fresh] = [
    task('to-do', { dueOn: '2026-05-02' }),
    task('queued', { dueOn: '2026-05-01' }),
    task('stopped', { updatedAt: '2026-01-01' }),
    task('to-do', { updatedAt: '2026-01-02' }),
  ]
  const [first, second] = [task('done', { updatedAt: '2026-01-05' }), task('cancelled', { updatedAt: '2026-01-04', dueOn: '2020-01-01' })]
  const board = byColumn([old, second, late, fresh, first, soon])
  expect(board).toEqual({ 'to-do': [soon, late, fresh, old], running: [], 'needs-you': [], review: [], done: [first, second] })
  expect(firstColumn(board)).toBe('to-do')
  expect(firstColumn(byColumn([...board['to-do'], task('ended')]))).toBe('review')
  expect(firstColumn(byColumn([task('ended'), task('failed')]))).toBe('needs-you')
  expect(firstColumn(byColumn([]))).toBe('to-do')
})

it('lets people move what is theirs to move', () => {
  expect(movesOf('to-do')).toEqual(['start', 'done', 'cancelled'])
  expect(movesOf('ended')).toEqual(['start', 'done', 'cancelled'])
  expect(movesOf('done')).toEqual(['reopened'])
  expect(movesOf('running')).toEqual([])
  const drops = (state: Parameters<typeof movesOf>[0]) =>
    (['to-do', 'running', 'needs-you', 'review', 'done'] as const).map((column) => dropMove(state, column))
  expect(drops('to-do')).toEqual([null, 'start', null, null, 'done'])
  expect(drops('running')).toEqual([null, null, null, null, null])
  expect(drops('cancelled')).toEqual(['reopened', null, null, null, null])
})

it.each([
  ['2026-11-20', '7 days late'],
  ['2026-11-26', 'Due yesterday'],
  ['2026-11-27', 'Due today'],
  ['2026-11-28', 'Due tomorrow'],
  ['2026-11-30', 'Due Monday'],
  ['2026-12-24', 'Due 24 Dec'],
  ['2027-05-06', 'Due 6 May 2027'],
])('says of %s: %s', (dueOn, words) => {
  expect(dueWords(dueOn, '2026-11-27').words).toBe(words)
})

it('counts days in the reader’s own calendar', () => {
  expect(localDay(new Date('2026-11-26T20:00:00Z'))).toBe('2026-11-27')
})

it('says what a task has cost, and what it cannot say', () => {
  const cost = { costMicros: 0, unpricedRequests: 0, subscriptionTurns: 0 }
  expect(costWords(null)).toBe(null)
  expect(costWords({ ...cost, costMicros: 1_250_000 })).toBe('$1.25')
  expect(costWords({ ...cost, costMicros: 1_250_000, unpricedRequests: 1 })).toBe('over $1.25')
  expect(costWords({ ...cost, unpricedRequests: 1 })).toBe('No price known')
  expect(costWords({ ...cost, subscriptionTurns: 2 })).toBe('On a subscription')
})

it('tells what waits for somebody today from what comes', () => {
  const tasks = [
    task('failed'),
    task('ended'),
    task('to-do', { dueOn: '2026-11-27' }),
    task('running', { dueOn: '2026-11-01' }),
    task('to-do', { dueOn: '2026-11-28' }),
    task('running'),
  ]
  expect(forToday(tasks, '2026-11-27')).toEqual({ now: tasks.slice(0, 4), later: tasks.slice(4) })
})
