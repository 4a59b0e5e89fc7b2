import { expect, it } from 'vitest'
import { steadinessFrom } from '#server/processes/steadiness.ts'

const judged = (...beatsMs: number[]) => {
  const mayJudge = steadinessFrom(0)
  return beatsMs.filter(mayJudge)
}

it('judges nobody before it has beaten for longer than they may be silent', () => {
  expect(judged(0, 5_000, 10_000, 15_000, 20_000, 25_000)).toEqual([20_000, 25_000])
})

it('begins anew after a break, also when the beats that waited come at once', () => {
  const woken = [3_600_000, 3_600_001, 3_600_002, 3_600_003, 3_600_004, 3_605_000, 3_610_000, 3_615_000, 3_620_000]
  expect(judged(0, 5_000, 10_000, 15_000, 20_000, ...woken)).toEqual([20_000, 3_620_000])
})

it('takes one late beat for no break', () => {
  expect(judged(5_000, 16_000, 20_000)).toEqual([20_000])
})
