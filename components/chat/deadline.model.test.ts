import { expect, it } from 'vitest'
import { timeLeft } from '#components/chat/deadline.model.ts'

it.each([
  [7 * 24 * 3_600_000, '7 d left'],
  [24 * 3_600_000, '24 h left'],
  [3_599_999, '59 min left'],
  [60_000, '1 min left'],
  [59_001, '60 s left'],
  [1, '1 s left'],
  [0, 'its time is over'],
])('%d ms are "%s"', (ms, words) => expect(timeLeft(ms)).toBe(words))
