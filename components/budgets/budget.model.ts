/** How budgets are said and drawn: whose, how much of it is gone, when it begins anew. */
import { dollars, type BudgetPeriod, type BudgetState } from '#core/budgets/budget.ts'
import type { Inputs, Outputs } from '#components/trpc/trpc.ts'
import { formatDuration } from '#components/ui/numbers.ts'
import type { Tone } from '#components/ui/tone.ts'

export type Budget = Outputs['budgets']['list']['budgets'][number]
export type BudgetInput = Inputs['budgets']['set']
export type ScopeKind = BudgetInput['scope']['is']

export const scopeWords: Readonly<Record<ScopeKind, string>> = { team: 'Team', project: 'Project', member: 'Member', chat: 'Chat' }
export const periodWords: Readonly<Record<BudgetPeriod, string>> = { day: 'Each day', month: 'Each month' }
const running: Readonly<Record<BudgetPeriod, string>> = { day: 'today', month: 'this month' }

export const stateLooks: Readonly<Record<BudgetState, { tone: Tone; word: string }>> = {
  ok: { tone: 'good', word: 'Within' },
  warned: { tone: 'warn', word: 'Nearly spent' },
  exhausted: { tone: 'bad', word: 'Spent' },
}

/** Whose it is: "Whole team", "Greeter", "Mei", "Fix the test". */
export function ownerOf({ scope }: Pick<Budget, 'scope'>): string {
  switch (scope.is) {
    case 'team':
      return 'Whole team'
    case 'project':
    case 'member':
      return scope.name
    case 'chat':
      return scope.title || 'Untitled chat'
  }
}

/** "team budget", "project budget", in the middle of a sentence. */
export const kindOf = ({ scope }: Pick<Budget, 'scope'>): string => `${scopeWords[scope.is].toLowerCase()} budget`

/** Whole dollars without cents: "$20", "$16.40", "$1,250". */
export const sayDollars = (micros: number): string => dollars(micros).replace(/\.00$/, '')

/** "$16.40 of $20 today". */
export const sayGone = ({ spentMicros, limitMicros, period }: Pick<Budget, 'spentMicros' | 'limitMicros' | 'period'>): string =>
  `${sayDollars(spentMicros)} of ${sayDollars(limitMicros)} ${running[period]}`

/** Of the whole, for a bar: what is spent, and what requests under way hold beyond it; together never more than the whole. */
export function barOf({ spentMicros, reservedMicros, limitMicros }: Pick<Budget, 'spentMicros' | 'reservedMicros' | 'limitMicros'>): {
  spent: number
  reserved: number
} {
  if (limitMicros === 0) return { spent: 1, reserved: 0 }
  const spent = Math.min(1, spentMicros / limitMicros)
  return { spent, reserved: Math.min(1 - spent, reservedMicros / limitMicros) }
}

const firstDay = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', timeZone: 'UTC' })

/** "in 5 h 20 min, at 00:00 UTC", "on 1 December, at 00:00 UTC". */
export function sayRenewal({ period, endsAt }: Pick<Budget, 'period' | 'endsAt'>, nowMs: number): string {
  const leftMs = Date.parse(endsAt) - nowMs
  if (period === 'month') return `on ${firstDay.format(new Date(endsAt))}, at 00:00 UTC`
  if (leftMs <= 0) return 'any moment now'
  return `in ${formatDuration(Math.max(60_000, Math.ceil(leftMs / 60_000) * 60_000))}, at 00:00 UTC`
}

const rank: Readonly<Record<BudgetState, number>> = { exhausted: 2, warned: 1, ok: 0 }

/** The one that is nearest to its end, of those that are worth a word; null when all have room. */
export function pressing(budgets: readonly Budget[]): Budget | null {
  const [worst] = budgets
    .filter((each) => each.state !== 'ok')
    .toSorted((a, b) => rank[b.state] - rank[a.state] || barOf(b).spent - barOf(a).spent || Date.parse(b.endsAt) - Date.parse(a.endsAt))
  return worst ?? null
}

/** The team first, then projects, members and chats; each by name, days before months. */
export function inOrder(budgets: readonly Budget[]): Budget[] {
  const kinds = Object.keys(scopeWords)
  return budgets.toSorted(
    (a, b) =>
      kinds.indexOf(a.scope.is) - kinds.indexOf(b.scope.is) ||
      ownerOf(a).localeCompare(ownerOf(b), 'en', { numeric: true }) ||
      a.period.localeCompare(b.period),
  )
}

const MAX_DOLLARS = 10_000_000

/** What somebody typed as an amount: "20", "$1,250.50". */
export function readDollars(text: string): { micros: number; problem: null } | { micros: null; problem: string } {
  const plain = text
    .trim()
    .replace(/^\$\s*/, '')
    .replaceAll(/,(?=\d{3}(\D|$))/g, '')
  if (plain === '') return { micros: null, problem: 'Enter an amount in dollars.' }
  if (!/^\d{1,9}(\.\d{1,2})?$/.test(plain)) return { micros: null, problem: 'An amount in dollars, like 20 or 12.50.' }
  if (Number(plain) > MAX_DOLLARS) return { micros: null, problem: 'At most $10,000,000.' }
  return { micros: Math.round(Number(plain) * 100) * 10_000, problem: null }
}

/** What `budgets.set` wants of one that exists, to change it or to bring it back. */
export function inputOf({ scope, period, limitMicros }: Budget): BudgetInput {
  switch (scope.is) {
    case 'team':
      return { scope: { is: 'team' }, period, limitMicros }
    case 'project':
      return { scope: { is: 'project', projectId: scope.projectId }, period, limitMicros }
    case 'member':
      return { scope: { is: 'member', userId: scope.userId }, period, limitMicros }
    case 'chat':
      return { scope: { is: 'chat', chatId: scope.chatId }, period, limitMicros }
  }
}
