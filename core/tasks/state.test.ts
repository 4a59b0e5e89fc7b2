import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnOf, columns, isUnderWay, mayStart, movesFrom, stateOf, type Attempt, type TaskFacts } from '#core/tasks/state.ts'

const attempt = (status: Attempt['status'], lastOutcome: Attempt['lastOutcome'] = null): Attempt => ({
  status,
  lastOutcome,
  isArchived: false,
})
const facts = (...attempts: Attempt[]): TaskFacts => ({ closedAs: null, hasStartFailed: false, attempts })

describe('one chat', () => {
  it.each([
    ['nothing was started', facts(), 'to-do', 'to-do'],
    ['a chat without a prompt', facts(attempt('idle')), 'to-do', 'to-do'],
    ['waits for a node: not running', facts(attempt('queued')), 'queued', 'to-do'],
    ['works', facts(attempt('running')), 'running', 'running'],
    ['asks for permission: not running', facts(attempt('waiting')), 'asking', 'needs-you'],
    ['ended', facts(attempt('idle', 'completed')), 'ended', 'review'],
    ['was stopped by a person: not failed', facts(attempt('idle', 'cancelled')), 'stopped', 'to-do'],
    ['lost its run: not failed', facts(attempt('idle', 'interrupted')), 'interrupted', 'needs-you'],
    ['would not do it', facts(attempt('idle', 'refused')), 'refused', 'needs-you'],
    ['failed', facts(attempt('failed', 'failed')), 'failed', 'needs-you'],
    ['says done, but its model failed', facts(attempt('failed', 'completed')), 'failed', 'needs-you'],
    ['recovered after it was lost: works as before', facts(attempt('running', 'interrupted')), 'running', 'running'],
    ['recovered and ended', facts(attempt('idle', 'completed')), 'ended', 'review'],
    ['failed, and works again', facts(attempt('running', 'failed')), 'running', 'running'],
    ['failed, and its next prompt waits', facts(attempt('queued', 'failed')), 'queued', 'to-do'],
  ] as const)('%s', (_, given, state, column) => {
    expect(stateOf(given)).toBe(state)
    expect(columnOf(state)).toBe(column)
  })
})

describe('several chats', () => {
  it.each([
    ['a further attempt replaces a failed one', facts(attempt('failed', 'failed'), attempt('idle', 'completed')), 'ended'],
    ['and the other way round', facts(attempt('idle', 'completed'), attempt('failed', 'failed')), 'failed'],
    ['an older one that asks is not forgotten', facts(attempt('waiting'), attempt('idle', 'completed')), 'asking'],
    ['asking stands before running', facts(attempt('running'), attempt('waiting')), 'asking'],
    ['running stands before queued', facts(attempt('running'), attempt('queued')), 'running'],
    [
      'one that is archived is put away',
      facts(attempt('idle', 'completed'), { ...attempt('failed', 'failed'), isArchived: true }),
      'ended',
    ],
    ['a start that failed says so', { ...facts(attempt('idle', 'completed')), hasStartFailed: true }, 'not-started'],
  ] as const)('%s', (_, given, state) => {
    expect(stateOf(given)).toBe(state)
  })
})

const anyAttempt = fc.record({
  status: fc.constantFrom<Attempt['status']>('waiting', 'failed', 'running', 'queued', 'idle'),
  lastOutcome: fc.constantFrom<Attempt['lastOutcome']>(null, 'completed', 'cancelled', 'interrupted', 'refused', 'failed'),
  isArchived: fc.boolean(),
})
const anyFacts = fc.record({
  closedAs: fc.constantFrom<TaskFacts['closedAs']>(null, 'done', 'cancelled'),
  hasStartFailed: fc.boolean(),
  attempts: fc.array(anyAttempt, { maxLength: 4 }),
})

it('holds for whatever the facts are', () => {
  fc.assert(
    fc.property(anyFacts, (given) => {
      const state = stateOf(given)
      const open = given.attempts.filter((each) => !each.isArchived)
      expect(columns).toContain(columnOf(state))
      // A person's word stands, and nobody but a person closes a task.
      expect(columnOf(state) === 'done').toBe(given.closedAs !== null)
      if (given.closedAs) {
        expect(movesFrom(state)).toEqual(['reopened'])
        return
      }
      // Only what runs is in the column of what runs.
      if (columnOf(state) === 'running') expect(open.some((each) => each.status === 'running')).toBe(true)
      // What nobody failed at is no failure.
      if (state === 'failed') expect([open.at(-1)?.status, open.at(-1)?.lastOutcome]).toContain('failed')
      if (open.some((each) => each.status === 'waiting')) expect(state).toBe('asking')
      // Nothing is started twice, and nothing is closed over a running agent.
      expect(mayStart(state)).toBe(!isUnderWay(state))
      expect(movesFrom(state).length > 0).toBe(!isUnderWay(state))
    }),
  )
})
