/** A board as its columns, and the words of its cards. Pure; how a task stands comes from `core/tasks/state.ts`. */
import { columnOf, columns, mayStart, movesFrom, type Column, type TaskState } from '#core/tasks/state.ts'
import { formatMoney } from '#components/ui/numbers.ts'
import type { Outputs } from '#components/trpc/trpc.ts'
import type { Tone } from '#components/ui/tone.ts'

export type TaskCard = Outputs['tasks']['list'][number]
type Placed = Pick<TaskCard, 'state' | 'dueOn' | 'updatedAt'>

export const columnWords: Readonly<Record<Column, string>> = {
  'to-do': 'To do',
  running: 'Running',
  'needs-you': 'Needs you',
  review: 'Review',
  done: 'Done',
}

/** What would be in an empty column. */
export const emptyWords: Readonly<Record<Column, string>> = {
  'to-do': 'Nothing waits to be started.',
  running: 'No agent is at work.',
  'needs-you': 'Nobody waits for you.',
  review: 'Nothing to look at.',
  done: 'Nothing is done yet.',
}

type Look = { tone: Tone; word: string; isLive: boolean }

/** The same word and colour wherever a task's state is told. */
export const taskLooks = {
  'to-do': { tone: 'quiet', word: 'To do', isLive: false },
  queued: { tone: 'quiet', word: 'Queued', isLive: false },
  stopped: { tone: 'quiet', word: 'Stopped', isLive: false },
  running: { tone: 'busy', word: 'Working', isLive: true },
  asking: { tone: 'warn', word: 'Asks you', isLive: false },
  interrupted: { tone: 'warn', word: 'Interrupted', isLive: false },
  failed: { tone: 'bad', word: 'Failed', isLive: false },
  refused: { tone: 'warn', word: 'Declined', isLive: false },
  'not-started': { tone: 'warn', word: 'Could not start', isLive: false },
  ended: { tone: 'accent', word: 'Ready for review', isLive: false },
  done: { tone: 'good', word: 'Done', isLive: false },
  cancelled: { tone: 'quiet', word: 'Cancelled', isLive: false },
} as const satisfies Record<TaskState, Look>

/** By column; in each what is due first, then what changed last. */
export function byColumn<T extends Placed>(tasks: readonly T[]): Record<Column, T[]> {
  const board = Object.fromEntries(columns.map((column) => [column, [] as T[]])) as Record<Column, T[]>
  for (const task of tasks) board[columnOf(task.state)].push(task)
  for (const column of columns) board[column].sort(column === 'done' ? byChange : byDue)
  return board
}

const byChange = (a: Placed, b: Placed) => b.updatedAt.localeCompare(a.updatedAt)
const byDue = (a: Placed, b: Placed) => (a.dueOn ?? '9999').localeCompare(b.dueOn ?? '9999') || byChange(a, b)

/** What a phone shows first: where somebody is waited for, else where something is. */
export function firstColumn(board: Record<Column, readonly unknown[]>): Column {
  const order: readonly Column[] = ['needs-you', 'review', 'running', 'to-do', 'done']
  return order.find((column) => board[column].length > 0) ?? 'to-do'
}

/** What a person can do with it by moving it: everything else follows from the runs. */
export type Move = 'start' | 'done' | 'cancelled' | 'reopened'

export const movesOf = (state: TaskState): readonly Move[] => [...(mayStart(state) ? (['start'] as const) : []), ...movesFrom(state)]

/** Which move it is to drop a card there; null where it cannot be put. */
export function dropMove(state: TaskState, column: Column): Move | null {
  const moves = movesOf(state)
  if (column === 'running' && moves.includes('start')) return 'start'
  if (column === 'done' && moves.includes('done')) return 'done'
  return column === 'to-do' && moves.includes('reopened') ? 'reopened' : null
}

export type Due = { words: string; tone: Tone }

/** @param today in the reader's own calendar, `YYYY-MM-DD` */
export function dueWords(dueOn: string, today: string): Due {
  const days = Math.round((Date.parse(dueOn) - Date.parse(today)) / 86_400_000)
  if (days < -1) return { words: `${-days} days late`, tone: 'bad' }
  if (days === -1) return { words: 'Due yesterday', tone: 'bad' }
  if (days === 0) return { words: 'Due today', tone: 'warn' }
  if (days === 1) return { words: 'Due tomorrow', tone: 'quiet' }
  const isThisYear = dueOn.slice(0, 4) === today.slice(0, 4)
  const date = { day: 'numeric', month: 'short', ...(!isThisYear && ({ year: 'numeric' } as const)) } as const
  const format = days < 7 ? ({ weekday: 'long' } as const) : date
  return { words: `Due ${new Date(dueOn).toLocaleDateString('en-GB', { ...format, timeZone: 'UTC' })}`, tone: 'quiet' }
}

/** The reader's calendar day. */
export const localDay = (now: Date): string =>
  `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, '0')}-${String(now.getDate()).padStart(2, '0')}`

/** Null while nothing was spent that could be told. */
export function costWords(cost: TaskCard['cost']): string | null {
  if (!cost) return null
  if (cost.costMicros > 0) return cost.unpricedRequests > 0 ? `over ${formatMoney(cost.costMicros)}` : formatMoney(cost.costMicros)
  if (cost.unpricedRequests > 0) return 'No price known'
  return cost.subscriptionTurns > 0 ? 'On a subscription' : formatMoney(0)
}

/** Of what is assigned to somebody: what waits for them now, and what comes. */
export function forToday<T extends Placed>(tasks: readonly T[], today: string): { now: T[]; later: T[] } {
  const isNow = ({ state, dueOn }: Placed) => {
    const column = columnOf(state)
    return column === 'needs-you' || column === 'review' || (dueOn !== null && dueOn <= today)
  }
  return { now: tasks.filter(isNow), later: tasks.filter((each) => !isNow(each)) }
}
