import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { book, lend } from '#core/budgets/ledger.ts'
import { Purse, type Allowance, type Lender, type Reservation } from '#server/budgets/purse.ts'

const today = new Date('2026-11-27T00:00:00Z')
const allowance = (key: string, limit: number): Allowance => ({ key, periodStart: today, limit })

/** The database's ledgers in memory, by the same rules: each step is one transaction. */
function ledgers() {
  const accounts = new Map<string, { settled: number; lent: number }>()
  const loans = new Map<string, number>()
  const buried = new Set<string>()
  const accountOf = (key: string) => accounts.get(key) ?? { settled: 0, lent: 0 }
  const heldBy = (process: string, key: string) => loans.get(`${process} ${key}`) ?? 0
  const change = (process: string, key: string, by: number) => {
    const account = accountOf(key)
    accounts.set(key, { ...account, lent: account.lent + by })
    loans.set(`${process} ${key}`, heldBy(process, key) + by)
  }
  /** `pass` resolves when the step may be done: tests decide in which order. */
  const lenderFor = (process: string, pass: () => Promise<void> = async () => {}): Lender => ({
    async lend({ key, limit, need, extra, mayPass }) {
      await pass()
      if (buried.has(process)) throw new Error('The process is gone')
      const answer = lend(accountOf(key), { limit, held: heldBy(process, key), need, extra, mayPass })
      change(process, key, answer.granted)
      await pass()
      return answer
    },
    async giveBack({ key, amount }) {
      await pass()
      if (buried.has(process)) return
      change(process, key, -Math.min(amount ?? Infinity, heldBy(process, key)))
      await pass()
    },
  })
  const settle = (process: string, { accounts: reserved, amount }: Reservation, counted: number) =>
    reserved.map(({ key, periodStart, limit }) => {
      const held = heldBy(process, key)
      const { held: now, ...account } = book(accountOf(key), { limit, held, reserved: amount, counted })
      accounts.set(key, account)
      loans.set(`${process} ${key}`, now)
      return { key, periodStart, by: now - held }
    })
  /** As a dead process is closed: what it had open counts with its reservation, and its loans are gone. */
  const bury = (process: string, open: readonly Reservation[]) => {
    for (const { accounts: reserved, amount } of open)
      for (const { key } of reserved) accounts.set(key, { ...accountOf(key), settled: accountOf(key).settled + amount })
    buried.add(process)
    for (const name of loans.keys()) if (name.startsWith(`${process} `)) change(process, name.split(' ')[1]!, -loans.get(name)!)
  }
  return { accountOf, heldBy, lenderFor, settle, bury }
}

const never = new AbortController().signal
const outcome = (purse: Purse, accounts: Allowance[], amount: number, { waitMs = 10_000, signal = never } = {}) =>
  purse.reserve({ accounts, amount }, { waitMs, signal })

async function reserved(purse: Purse, accounts: Allowance[], amount: number): Promise<Reservation> {
  const taken = purse.take({ accounts, amount })
  if (taken) return taken
  const found = await outcome(purse, accounts, amount)
  if (found.is !== 'reserved') throw new Error(`It is ${found.is}`)
  return found.reservation
}

describe('a purse', () => {
  const day = allowance('day', 1_000)

  it('borrows once for many requests', async () => {
    const world = ledgers()
    let loans = 0
    const lender = world.lenderFor('a')
    const purse = new Purse({ lender: { ...lender, lend: (query) => ((loans += 1), lender.lend(query)) } })
    for (let index = 0; index < 20; index += 1) {
      const reservation = await reserved(purse, [day], 50)
      purse.settle(reservation, world.settle('a', reservation, 2))
    }
    expect(world.accountOf('day').settled).toBe(40)
    expect(loans).toBeLessThanOrEqual(2)
  })

  it('borrows before it runs out, so that a request finds its share at once', async () => {
    const world = ledgers()
    let nowMs = 0
    const purse = new Purse({ lender: world.lenderFor('a'), nowMs: () => nowMs })
    const rich = allowance('rich', 1_000_000)
    const first = await reserved(purse, [rich], 50)
    purse.settle(first, world.settle('a', first, 50))
    for (let index = 0; index < 200; index += 1) {
      nowMs += 100
      const taken = purse.take({ accounts: [rich], amount: 50 })
      expect(taken).not.toBeNull()
      purse.settle(taken!, world.settle('a', taken!, 50))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(world.accountOf('rich')).toEqual({ settled: 50 * 201, lent: world.heldBy('a', 'rich') })
  })

  it('gives back also what it borrowed ahead, when everything is lent anew', async () => {
    const world = ledgers()
    const gate = Promise.withResolvers<void>()
    const lender = world.lenderFor('a')
    let isHeld = false
    const purse = new Purse({
      lender: { ...lender, lend: (query) => (isHeld ? gate.promise : Promise.resolve()).then(() => lender.lend(query)) },
    })
    const first = await reserved(purse, [day], 50)
    isHeld = true
    while (purse.take({ accounts: [day], amount: 50 }) !== null) {
      // Until nothing is left, and a loan has been asked for.
    }
    const reservedNow = world.heldBy('a', 'day')
    const tidied = purse.tidy({ all: true })
    gate.resolve()
    await tidied
    expect(world.heldBy('a', 'day')).toBeLessThanOrEqual(reservedNow)
    purse.settle(first, world.settle('a', first, 0))
  })

  it('waits for what is under way, in order, before it says no', async () => {
    const world = ledgers()
    const purse = new Purse({ lender: world.lenderFor('a') })
    const first = await reserved(purse, [day], 900)
    const order: string[] = []
    const large = reserved(purse, [day], 800).then((found) => (order.push('large'), found))
    const small = reserved(purse, [day], 50).then((found) => (order.push('small'), found))
    await new Promise((resolve) => setImmediate(resolve))
    expect(order).toEqual([])
    expect(purse.take({ accounts: [day], amount: 1 })).toBeNull()
    purse.settle(first, world.settle('a', first, 10))
    await Promise.all([large, small])
    expect(order).toEqual(['large', 'small'])
  })

  it('says that it is busy when nobody is done in time, and which allowance it was', async () => {
    const world = ledgers()
    const purse = new Purse({ lender: world.lenderFor('a') })
    await reserved(purse, [day], 900)
    expect(await outcome(purse, [allowance('month', 9_000), day], 800, { waitMs: 5 })).toEqual({ is: 'busy', allowance: day })
    expect(purse.take({ accounts: [allowance('month', 9_000)], amount: 1 })).not.toBeNull()
  })

  it('lets one go that does not fit when nothing else is under way, and spends nothing beyond it', async () => {
    const world = ledgers()
    const [a, b] = [new Purse({ lender: world.lenderFor('a') }), new Purse({ lender: world.lenderFor('b') })]
    const passing = await reserved(a, [day], 5_000)
    expect((await outcome(b, [day], 5_000, { waitMs: 5 })).is).toBe('busy')
    expect((await outcome(a, [day], 1, { waitMs: 5 })).is).toBe('busy')
    a.settle(passing, world.settle('a', passing, 990))
    expect(world.accountOf('day')).toEqual({ settled: 990, lent: 10 })
    const last = await reserved(a, [day], 5_000)
    a.settle(last, world.settle('a', last, 4_000))
    expect(await outcome(b, [day], 1)).toEqual({ is: 'exhausted', allowance: day })
    expect(await outcome(a, [day], 1)).toEqual({ is: 'exhausted', allowance: day })
    expect(world.accountOf('day')).toEqual({ settled: 4_990, lent: 0 })
  })

  it('keeps nothing of one allowance when another is spent', async () => {
    const world = ledgers()
    const purse = new Purse({ lender: world.lenderFor('a') })
    expect(await outcome(purse, [day, allowance('chat', 0)], 5_000)).toMatchObject({ is: 'exhausted', allowance: { key: 'chat' } })
    await purse.tidy({ all: true })
    expect(world.accountOf('day')).toEqual({ settled: 0, lent: 0 })
  })

  it('leaves to nobody else what passes a limit, when the request is held up elsewhere', async () => {
    const world = ledgers()
    const purse = new Purse({ lender: world.lenderFor('a') })
    const chat = allowance('chat', 1_000)
    await reserved(purse, [chat], 600)
    expect(await outcome(purse, [day, chat], 2_000, { waitMs: 5 })).toEqual({ is: 'busy', allowance: chat })
    expect(purse.take({ accounts: [day], amount: 1 })).toBeNull()
    expect(world.accountOf('day').lent).toBe(0)
  })

  it('waits until an account is closed before it opens it anew', async () => {
    const world = ledgers()
    const gate = Promise.withResolvers<void>()
    const lender = world.lenderFor('a')
    const purse = new Purse({ lender: { ...lender, giveBack: (query) => gate.promise.then(() => lender.giveBack(query)) } })
    const one = await reserved(purse, [day], 100)
    purse.settle(one, world.settle('a', one, 0))
    const tidied = purse.tidy({ all: true })
    expect(purse.take({ accounts: [day], amount: 1 })).toBeNull()
    const next = outcome(purse, [day], 10)
    gate.resolve()
    await tidied
    expect((await next).is).toBe('reserved')
    expect(world.heldBy('a', 'day')).toBeGreaterThanOrEqual(10)
  })

  it('lets go of whoever leaves', async () => {
    const world = ledgers()
    const purse = new Purse({ lender: world.lenderFor('a') })
    const first = await reserved(purse, [day], 1_000)
    const leaving = new AbortController()
    const left = outcome(purse, [day], 500, { signal: leaving.signal })
    const next = outcome(purse, [day], 100)
    leaving.abort()
    expect(await left).toEqual({ is: 'left' })
    purse.settle(first, world.settle('a', first, 0))
    expect((await next).is).toBe('reserved')
  })

  it('closes no account for which a loan is on its way, though nobody waits for it any more', async () => {
    const world = ledgers()
    const gate = Promise.withResolvers<void>()
    const lender = world.lenderFor('a')
    const lend: Lender['lend'] = async (query) => {
      const answer = await lender.lend(query)
      await gate.promise
      return answer
    }
    const purse = new Purse({ lender: { ...lender, lend } })
    const leaving = new AbortController()
    const left = outcome(purse, [day], 100, { signal: leaving.signal })
    await vi.waitFor(() => expect(world.heldBy('a', 'day')).toBeGreaterThan(100))
    leaving.abort()
    await left
    await purse.tidy({ all: true })
    gate.resolve()
    await vi.waitFor(() => expect(purse.take({ accounts: [day], amount: 1 })).not.toBeNull())
    expect(world.heldBy('a', 'day')).toBeGreaterThan(100)
  })

  it('gives back what nobody uses', async () => {
    const world = ledgers()
    let nowMs = 0
    const purse = new Purse({ lender: world.lenderFor('a'), nowMs: () => nowMs })
    const one = await reserved(purse, [day], 100)
    await purse.tidy()
    expect(world.accountOf('day').lent).toBeGreaterThan(100)
    nowMs = 2_000
    await purse.tidy()
    expect(world.accountOf('day').lent).toBe(100)
    purse.settle(one, world.settle('a', one, 30))
    await purse.tidy()
    expect(world.accountOf('day')).toEqual({ settled: 30, lent: 0 })
  })

  it('covers anew what it has reserved, once others took its loans away', async () => {
    const world = ledgers()
    const purse = new Purse({ lender: world.lenderFor('a1') })
    const first = await reserved(purse, [day], 100)
    world.bury('a1', [])
    purse.forfeit()
    expect(world.accountOf('day')).toEqual({ settled: 0, lent: 0 })
    expect(purse.take({ accounts: [day], amount: 1 })).toBeNull()
    purse.settle(first, [])
    expect(purse.take({ accounts: [day], amount: 1 })).toBeNull()
  })

  it('fails when the lender does, and works on', async () => {
    const world = ledgers()
    let isAway = true
    const lender = world.lenderFor('a')
    const purse = new Purse({
      lender: { ...lender, lend: (query) => (isAway ? Promise.reject(new Error('away')) : lender.lend(query)) },
    })
    await expect(outcome(purse, [day], 10)).rejects.toThrow('away')
    isAway = false
    expect((await outcome(purse, [day], 10)).is).toBe('reserved')
  })
})

describe('several processes', () => {
  const limits = { day: 300, month: 1_000, chat: 120 }
  const all = Object.entries(limits).map(([key, limit]) => allowance(key, limit))
  const MAX_AMOUNT = 200
  const Step = fc.record({
    process: fc.constantFrom('a', 'b', 'c'),
    keys: fc.subarray(Object.keys(limits), { minLength: 1 }),
    amount: fc.integer({ min: 1, max: MAX_AMOUNT }),
    /** What a request costs of its worst case. */
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    does: fc.constantFrom('ask', 'ask', 'ask', 'settle', 'settle', 'tidy', 'crash'),
  })

  it('never pass a limit by more than one request, however their steps fall', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(Step, { maxLength: 40 }), async (scheduler, steps) => {
        const world = ledgers()
        const pass = () => scheduler.schedule(Promise.resolve())
        const open = new Map<string, Reservation[]>()
        const purses = new Map<string, { id: string; purse: Purse }>()
        let ids = 0
        const start = (process: string) => {
          const id = `${process}${(ids += 1)}`
          purses.set(process, { id, purse: new Purse({ lender: world.lenderFor(id, pass) }) })
          open.set(id, [])
        }
        for (const process of ['a', 'b', 'c']) start(process)
        const check = () => {
          for (const [key, limit] of Object.entries(limits)) {
            const { settled, lent } = world.accountOf(key)
            const underWay = [...open.values()].flat().filter(({ accounts }) => accounts.some((each) => each.key === key))
            const atWorst = settled + underWay.reduce((sum, { amount }) => sum + amount, 0)
            // Only one alone may stand out, and only while something was left when it began.
            if (underWay.length > 1) expect(atWorst).toBeLessThanOrEqual(limit)
            if (underWay.length === 1) expect(settled).toBeLessThan(limit)
            expect(settled).toBeLessThan(limit + MAX_AMOUNT)
            expect(lent).toBeGreaterThanOrEqual(underWay.reduce((sum, { amount }) => sum + amount, 0))
          }
        }
        const leaving: AbortController[] = []
        const work: Promise<unknown>[] = []
        for (const { process, keys, amount, share, does } of steps) {
          const { id, purse } = purses.get(process)!
          const mine = open.get(id)!
          if (does === 'ask') {
            const accounts = all.filter(({ key }) => keys.includes(key))
            const asking = new AbortController()
            const taken = purse.take({ accounts, amount })
            if (taken) mine.push(taken)
            else
              work.push(
                purse.reserve({ accounts, amount }, { waitMs: 1_000_000, signal: asking.signal }).then(
                  (found) => found.is === 'reserved' && purses.get(process)!.id === id && mine.push(found.reservation),
                  () => {},
                ),
              )
            leaving.push(asking)
          } else if (does === 'settle') {
            const reservation = mine.shift()
            if (reservation) purse.settle(reservation, world.settle(id, reservation, Math.round(reservation.amount * share)))
          } else if (does === 'tidy') work.push(purse.tidy({ all: true }))
          else {
            world.bury(id, mine)
            open.set(id, [])
            start(process)
          }
          check()
          await new Promise((resolve) => setImmediate(resolve))
          if (scheduler.count() > 0) await scheduler.waitOne()
        }
        for (const each of leaving) each.abort()
        await scheduler.waitAll()
        await Promise.all(work)
        check()
      }),
      { numRuns: 150 },
    )
  })
})
