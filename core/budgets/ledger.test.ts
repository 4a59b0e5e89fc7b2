import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { book } from '#core/budgets/ledger.ts'

describe('a request that is over', () => {
  it('gives its reservation back, of which the process keeps what it did not cost, as long as that fits', () => {
    expect(book({ settled: 10, lent: 50 }, { limit: 100, held: 50, reserved: 20, counted: 5 })).toEqual({ settled: 15, lent: 45, held: 45 })
    expect(book({ settled: 90, lent: 50 }, { limit: 100, held: 50, reserved: 20, counted: 5 })).toEqual({ settled: 95, lent: 30, held: 30 })
  })

  it('takes back what it counted for before, and lends nothing by that', () => {
    const [settled, limit] = [1_000, 100_000]
    expect(book({ settled, lent: 0 }, { limit, held: 0, reserved: 500, counted: -956 })).toEqual({ settled: 44, lent: 0, held: 0 })
    expect(book({ settled, lent: 30 }, { limit, held: 20, reserved: 20, counted: -956 })).toEqual({ settled: 44, lent: 30, held: 20 })
  })

  it('changes what is lent by what its process holds, and never lends more', () => {
    const amount = fc.nat({ max: 1_000 })
    fc.assert(
      fc.property(
        amount,
        amount,
        amount,
        amount,
        amount,
        fc.integer({ min: -1_000, max: 1_000 }),
        (settled, others, held, reserved, limit, counted) => {
          const lent = held + others
          const next = book({ settled, lent }, { limit, held, reserved, counted })
          expect(next.settled).toBe(settled + counted)
          expect(next.lent - lent).toBe(next.held - held)
          expect(next.held).toBeGreaterThanOrEqual(0)
          expect(next.held).toBeLessThanOrEqual(held)
        },
      ),
    )
  })
})
