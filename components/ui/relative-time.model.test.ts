import { expect, it } from 'vitest'
import { relativeTime } from '#components/ui/relative-time.model.ts'

const now = Date.UTC(2026, 5, 15, 12)
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

it.each([
  [0, 'just now'],
  [-30_000, 'just now'],
  [59_000, 'just now'],
  [minute, '1 min ago'],
  [59 * minute, '59 min ago'],
  [hour, '1 h ago'],
  [23.9 * hour, '23 h ago'],
  [day, '1 d ago'],
  [6.9 * day, '6 d ago'],
  [10 * day, '5 Jun 2026'],
  [-5 * minute, 'in 5 min'],
  [-3 * hour, 'in 3 h'],
  [-72 * hour, 'in 3 d'],
])('%d ms passed reads %s', (passed, text) => expect(relativeTime(now - passed, now)).toBe(text))
