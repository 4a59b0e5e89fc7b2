/**
 * The arithmetic by which many processes spend one allowance. The ledger knows what is settled and what is lent; a
 * process borrows, lets requests reserve from what it holds without asking anybody, and books what they cost.
 * Whoever keeps the ledger (`server/budgets/store.ts`) applies these under one lock.
 *
 * What holds after every step: settled + lent ≤ limit, but for a request that *passes*. Its worst case does not fit into
 * what is left, although nothing else is under way; refusing it would make the last part of every budget unusable.
 */

/** In the unit of the allowance: millionths of a US dollar, or tokens. */
export type Ledger = { settled: number; lent: number }

export type LoanRequest = {
  limit: number
  /** What the process holds by the ledger's word. */
  held: number
  /** What it lacks for the request. */
  need: number
  /** What it would like beside that, so as not to ask for each request. */
  extra: number
  /** None of its own requests has anything reserved. */
  mayPass: boolean
}

/** `busy`: it would fit if others that are under way turn out cheaper. */
export type LoanAnswer = { granted: number; why: 'fits' | 'passes' | 'busy' | 'exhausted' }

export function lend({ settled, lent }: Ledger, { limit, held, need, extra, mayPass }: LoanRequest): LoanAnswer {
  if (settled >= limit) return { granted: 0, why: 'exhausted' }
  const left = limit - settled - lent
  if (left >= need) return { granted: need + Math.min(extra, Math.floor((left - need) / 4)), why: 'fits' }
  return mayPass && lent <= held ? { granted: need, why: 'passes' } : { granted: 0, why: 'busy' }
}

export type Booking = { limit: number; held: number; reserved: number; counted: number }

/**
 * A request is over: what it counts with is settled, and its reservation goes back, of which the process keeps what it
 * did not cost, as long as that fits. `held` may be less than `reserved` when the ledger has given the process up meanwhile;
 * `counted` is negative where it counted with more before. Nothing is lent here that was not lent already.
 */
export function book({ settled, lent }: Ledger, { limit, held, reserved, counted }: Booking): Ledger & { held: number } {
  const returned = Math.min(reserved, held)
  const settledNow = settled + counted
  const lentNow = lent - returned
  const room = Math.max(0, limit - settledNow - lentNow)
  const kept = Math.min(returned, Math.max(0, returned - counted), room)
  return { settled: settledNow, lent: lentNow + kept, held: held - returned + kept }
}
