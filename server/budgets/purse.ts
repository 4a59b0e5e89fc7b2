/**
 * What this process may spend without asking. A request reserves on all of its allowances or on none: at once from what
 * is held, else the purse borrows first, and where only requests under way are in the way, it waits for them, in order.
 * Knows nothing of money: an allowance is so many units from a moment on.
 * The arithmetic: `core/budgets/ledger.ts`; whose allowances: `spending.ts`; where loans come from: `ledger-store.ts`.
 */
import type { LoanAnswer } from '#core/budgets/ledger.ts'

export type Allowance = { key: string; periodStart: Date; limit: number }

export type Reservation<A extends Allowance = Allowance> = { accounts: readonly A[]; amount: number }

export type Lender = {
  lend(query: Allowance & { need: number; extra: number; mayPass: boolean }): Promise<LoanAnswer>
  /** `amount` null: whatever this process holds there. */
  giveBack(query: Omit<Allowance, 'limit'> & { amount: number | null }): Promise<void>
}

export type Outcome<A extends Allowance> =
  | { is: 'reserved'; reservation: Reservation<A> }
  /** `busy`: others under way did not leave enough of it in time. */
  | { is: 'exhausted' | 'busy'; allowance: A }
  | { is: 'left' }

type Account = {
  allowance: Omit<Allowance, 'limit'>
  /** Held and not reserved. Below nothing after the loans are lost: reservations that nothing covers. */
  free: number
  reserved: number
  usedAtMs: number
  /** How many loans are on their way, also for those who have left meanwhile. */
  coming: number
  /** The loan that was asked for before anybody needs it. */
  ahead: Promise<void> | null
  askedAheadMs: number
  /** Everything is on its way back; whoever wants it waits for that. */
  closing: Promise<void> | null
}

type Waiter<A extends Allowance> = Reservation<A> & {
  names: readonly string[]
  isTrying: boolean
  busyWith: A
  finish: (outcome: Outcome<A> | Error) => void
}

/** So that not each request has to borrow: this many times what it reserves. */
const EXTRA = 32
/** Less than this many times what a request reserves, and the next loan is asked for before it is needed, but not again and again. */
const LOW = 8
const AHEAD_EVERY_MS = 100
const RETRY_MS = 250
const IDLE_MS = 2_000

const nameOf = ({ key, periodStart }: Omit<Allowance, 'limit'>) => `${key} ${periodStart.getTime()}`

export class Purse<A extends Allowance = Allowance> {
  readonly #lender: Lender
  readonly #nowMs: () => number
  readonly #accounts = new Map<string, Account>()
  /** In the order of their arrival. */
  readonly #waiting = new Set<Waiter<A>>()
  #isRetrying = false

  constructor({ lender, nowMs = Date.now }: { lender: Lender; nowMs?: () => number }) {
    this.#lender = lender
    this.#nowMs = nowMs
  }

  /** At once, from what is held; null when that is not enough, or somebody came first. */
  take(wanted: Reservation<A>): Reservation<A> | null {
    const names = wanted.accounts.map(nameOf)
    if (this.#waiting.size > 0 && [...this.#waiting].some((waiter) => waiter.names.some((name) => names.includes(name)))) return null
    const taken = this.#takeFree(wanted)
    if (taken) this.#borrowAhead(taken)
    return taken
  }

  /** Rejects when the lender does. `signal`: whoever asks may leave. */
  reserve(wanted: Reservation<A>, { waitMs, signal }: { waitMs: number; signal: AbortSignal }): Promise<Outcome<A>> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => finish({ is: 'busy', allowance: waiter.busyWith }), waitMs)
      const leave = () => finish({ is: 'left' })
      const finish = (outcome: Outcome<A> | Error) => {
        if (!this.#waiting.delete(waiter)) return
        clearTimeout(timer)
        signal.removeEventListener('abort', leave)
        if (outcome instanceof Error) reject(outcome)
        else resolve(outcome)
        this.#pump()
      }
      const waiter: Waiter<A> = { ...wanted, names: wanted.accounts.map(nameOf), isTrying: false, busyWith: wanted.accounts[0]!, finish }
      this.#waiting.add(waiter)
      if (signal.aborted) return leave()
      signal.addEventListener('abort', leave)
      this.#pump()
    })
  }

  /** The request is over, and the ledger has it: `changes` are those of what this process holds. */
  settle({ accounts, amount }: Reservation, changes: readonly { key: string; periodStart: Date; by: number }[]): void {
    for (const allowance of accounts) {
      const account = this.#accountOf(allowance)
      account.reserved -= amount
      account.free += amount
    }
    for (const change of changes) if (change.by !== 0) this.#accountOf(change).free += change.by
    this.#pump()
  }

  /** Others took this process for gone, and its loans with it. */
  forfeit(): void {
    for (const account of this.#accounts.values()) account.free = -account.reserved
  }

  /** Gives back what nobody has used for a moment; with `all` what nobody uses now. */
  async tidy({ all = false } = {}): Promise<void> {
    const ahead = all ? [...this.#accounts.values()].flatMap((account) => account.ahead ?? []) : []
    await this.#returnIdle(all)
    if (ahead.length === 0) return
    await Promise.all(ahead)
    await this.#returnIdle(all)
  }

  async #returnIdle(all: boolean): Promise<void> {
    const wanted = new Set([...this.#waiting].flatMap((waiter) => waiter.names))
    const idle = [...this.#accounts].filter(
      ([name, { closing, coming, usedAtMs }]) =>
        closing === null && coming === 0 && !wanted.has(name) && (all || this.#nowMs() - usedAtMs >= IDLE_MS),
    )
    await Promise.all(idle.map(([name, account]) => (account.reserved === 0 ? this.#close(name, account) : this.#returnFree(account))))
  }

  #accountOf({ key, periodStart }: Omit<Allowance, 'limit'>): Account {
    const name = nameOf({ key, periodStart })
    const known = this.#accounts.get(name)
    if (known) return known
    const account: Account = {
      allowance: { key, periodStart },
      free: 0,
      reserved: 0,
      usedAtMs: this.#nowMs(),
      coming: 0,
      ahead: null,
      askedAheadMs: 0,
      closing: null,
    }
    this.#accounts.set(name, account)
    return account
  }

  #takeFree({ accounts: allowances, amount }: Reservation<A>): Reservation<A> | null {
    const accounts = allowances.map((allowance) => this.#accountOf(allowance))
    if (accounts.some(({ free }) => free < amount)) return null
    for (const account of accounts) {
      account.free -= amount
      account.reserved += amount
      account.usedAtMs = this.#nowMs()
    }
    return { accounts: allowances, amount }
  }

  /** Goes through those that wait; nobody overtakes on an account that an earlier one wants. */
  #pump(): void {
    const taken = new Set<string>()
    for (const waiter of this.#waiting) {
      const isFirst = !waiter.names.some((name) => taken.has(name))
      for (const name of waiter.names) taken.add(name)
      if (!isFirst || waiter.isTrying) continue
      waiter.isTrying = true
      void this.#try(waiter)
        .catch((error: unknown) => waiter.finish(error instanceof Error ? error : new Error(String(error))))
        .finally(() => (waiter.isTrying = false))
    }
    if (this.#waiting.size === 0 || this.#isRetrying) return
    this.#isRetrying = true
    setTimeout(() => {
      this.#isRetrying = false
      this.#pump()
    }, RETRY_MS).unref()
  }

  async #try(waiter: Waiter<A>): Promise<void> {
    const reservation = this.#takeFree(waiter)
    if (reservation) return waiter.finish({ is: 'reserved', reservation })
    await Promise.all(waiter.accounts.map(async (allowance) => this.#accountOf(allowance).closing))
    const lacking = waiter.accounts.filter((allowance) => this.#accountOf(allowance).free < waiter.amount)
    const answers = await this.#borrowAll(lacking, waiter.amount)
    const spent = answers.findIndex(({ why }) => why === 'exhausted')
    const busy = answers.findIndex(({ why }) => why === 'busy')
    const isServed = this.#waiting.has(waiter) && spent < 0 && busy < 0
    const returned = lacking.map(async (allowance, at) => {
      const { granted, why } = answers[at]!
      // What passes the limit was lent to this one request alone.
      if (why === 'passes' && !isServed) return this.#giveBack(allowance, granted)
      this.#accountOf(allowance).free += granted
    })
    if (isServed) {
      const taken = this.#takeFree(waiter)
      if (taken) waiter.finish({ is: 'reserved', reservation: taken })
    } else if (spent >= 0) waiter.finish({ is: 'exhausted', allowance: lacking[spent]! })
    else if (busy >= 0) waiter.busyWith = lacking[busy]!
    await Promise.all(returned)
  }

  /** So that in the ordinary case nobody waits for a loan, which waits for those who book at that moment. */
  #borrowAhead({ accounts: allowances, amount }: Reservation<A>): void {
    for (const allowance of allowances) {
      const account = this.#accountOf(allowance)
      const isEarly = account.free >= amount * LOW || this.#nowMs() - account.askedAheadMs < AHEAD_EVERY_MS
      if (isEarly || account.coming > 0 || account.closing) continue
      account.askedAheadMs = this.#nowMs()
      account.coming += 1
      account.ahead = this.#lender
        .lend({ ...allowance, need: 0, extra: amount * EXTRA, mayPass: false })
        .then(({ granted }) => {
          account.free += granted
          this.#pump()
        })
        // Whoever needs it asks again, and hears why it is not to be had.
        .catch(() => {})
        .finally(() => {
          account.coming -= 1
          account.ahead = null
        })
    }
  }

  async #borrowAll(lacking: readonly A[], amount: number): Promise<LoanAnswer[]> {
    const accounts = lacking.map((allowance) => this.#accountOf(allowance))
    for (const account of accounts) account.coming += 1
    try {
      return await Promise.all(lacking.map((allowance) => this.#borrow(allowance, amount)))
    } finally {
      for (const account of accounts) account.coming -= 1
    }
  }

  #borrow(allowance: A, amount: number): Promise<LoanAnswer> {
    const { free, reserved } = this.#accountOf(allowance)
    return this.#lender.lend({ ...allowance, need: amount - free, extra: amount * EXTRA, mayPass: reserved === 0 })
  }

  async #returnFree(account: Account): Promise<void> {
    const amount = account.free
    if (amount <= 0) return
    account.free = 0
    await this.#giveBack(account.allowance, amount)
  }

  /** Whether one that failed arrived nobody knows: it counts as returned here, and closing the account returns the rest. */
  #giveBack({ key, periodStart }: Omit<Allowance, 'limit'>, amount: number | null): Promise<void> {
    return this.#lender.giveBack({ key, periodStart, amount }).catch(() => {})
  }

  async #close(name: string, account: Account): Promise<void> {
    account.free = 0
    account.closing = this.#lender.giveBack({ ...account.allowance, amount: null }).then(
      () => void this.#accounts.delete(name),
      () => void (account.closing = null),
    )
    await account.closing
  }
}
