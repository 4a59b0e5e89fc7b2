import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Deadlines } from '#server/deadlines.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

it('calls each once, when its own time is over and not before', () => {
  const deadlines = new Deadlines(100)
  const due: string[] = []
  deadlines.set(() => due.push('first'))
  vi.advanceTimersByTime(60)
  deadlines.set(() => due.push('second'))
  vi.advanceTimersByTime(39)
  expect(due).toEqual([])
  vi.advanceTimersByTime(1)
  expect(due).toEqual(['first'])
  vi.advanceTimersByTime(59)
  expect(due).toEqual(['first'])
  vi.advanceTimersByTime(1)
  expect(due).toEqual(['first', 'second'])
  vi.advanceTimersByTime(1_000)
  expect(due).toEqual(['first', 'second'])
})

it('forgets what was cleared, and serves what comes after', () => {
  const deadlines = new Deadlines(100)
  const due: string[] = []
  const cleared = () => due.push('cleared')
  deadlines.set(cleared)
  deadlines.clear(cleared)
  vi.advanceTimersByTime(50)
  deadlines.set(() => due.push('later'))
  vi.advanceTimersByTime(99)
  expect(due).toEqual([])
  vi.advanceTimersByTime(1)
  expect(due).toEqual(['later'])
  expect(vi.getTimerCount()).toBe(0)
})
