import { describe, expect, it } from 'vitest'
import { formatBytes, formatDuration, formatMoney, formatMoneyShort, formatPrice, formatShort } from '#components/ui/numbers.ts'

describe('formatShort', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1_000, '1k'],
    [1_234, '1.23k'],
    [45_678, '45.7k'],
    [999_499, '999k'],
    [999_500, '1M'],
    [1_048_576, '1.05M'],
    [2_500_000_000, '2.5B'],
  ])('%d reads %s', (count, text) => expect(formatShort(count)).toBe(text))
})

it.each([
  [0, '$0'],
  [350_000, '$0.35'],
  [999_990_000, '$999.99'],
  [22_500_000_000, '$22.5k'],
  [3_000_000_000_000, '$3M'],
])('%s millionths read %s on an axis', (micros, text) => expect(formatMoneyShort(micros)).toBe(text))

describe('formatMoney', () => {
  it.each([
    [null, '—'],
    [0, '$0.00'],
    [10, '<$0.0001'],
    [1_234, '$0.0012'],
    [99_000, '$0.0990'],
    [100_000, '$0.10'],
    [1_500_000, '$1.50'],
    [1_234_567_890_000, '$1,234,567.89'],
    [-4_200, '−$0.0042'],
  ])('%s millionths read %s', (micros, text) => expect(formatMoney(micros)).toBe(text))
})

it('writes prices without needless zeros', () => {
  expect([formatPrice(3_000_000), formatPrice(150_000), formatPrice(12_500_000)]).toEqual(['$3', '$0.15', '$12.5'])
})

it('writes bytes in their own unit', () => {
  expect([512, 2_048, 5_242_880, 3_221_225_472].map(formatBytes)).toEqual(['512 B', '2 KB', '5 MB', '3 GB'])
})

describe('formatDuration', () => {
  it.each([
    [12, '12 ms'],
    [999, '999 ms'],
    [1_000, '1 s'],
    [4_230, '4.23 s'],
    [59_940, '59.9 s'],
    [59_990, '1 min'],
    [185_000, '3 min 5 s'],
    [7_800_000, '2 h 10 min'],
  ])('%d ms reads %s', (durationMs, text) => expect(formatDuration(durationMs)).toBe(text))
})
