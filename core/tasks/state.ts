/**
 * Where a task stands. Nothing of it is stored: it follows from what people decided and from how its chats stand, so that a
 * board can never say something else than the runs. A recovered run is not a failed one, a waiting one does not run, and
 * what was cancelled has not failed.
 */
import type { TurnOutcome } from '#core/chat/events.ts'

/** A person's last word; null while it is open. */
export type Verdict = 'done' | 'cancelled'

/** How one chat of a task stands, as lists of chats have it. */
export type Attempt = {
  status: 'waiting' | 'failed' | 'running' | 'queued' | 'idle'
  /** Of its last turn; null when none has ended yet. */
  lastOutcome: TurnOutcome | null
  isArchived: boolean
}

export type TaskFacts = {
  closedAs: Verdict | null
  /** A start that nobody sat in front of did not come about, and no other has since. */
  hasStartFailed: boolean
  /** The oldest first. */
  attempts: readonly Attempt[]
}

export type TaskState =
  | 'to-do'
  /** Its prompt waits for a node: nothing runs. */
  | 'queued'
  /** A person ended the last turn. */
  | 'stopped'
  | 'running'
  /** An agent waits for an answer. */
  | 'asking'
  /** The run was lost and the turn with it: it can be sent again. */
  | 'interrupted'
  | 'failed'
  /** The agent would not do it. */
  | 'refused'
  | 'not-started'
  /** The agent says that it is done. */
  | 'ended'
  | Verdict

export const columns = ['to-do', 'running', 'needs-you', 'review', 'done'] as const
export type Column = (typeof columns)[number]

const columnOfState = {
  'to-do': 'to-do',
  queued: 'to-do',
  stopped: 'to-do',
  running: 'running',
  asking: 'needs-you',
  interrupted: 'needs-you',
  failed: 'needs-you',
  refused: 'needs-you',
  'not-started': 'needs-you',
  ended: 'review',
  done: 'done',
  cancelled: 'done',
} as const satisfies Record<TaskState, Column>

export const columnOf = (state: TaskState): Column => columnOfState[state]

/** In the order of urgency: what is under way in any chat counts. */
const underWay = [
  ['waiting', 'asking'],
  ['running', 'running'],
  ['queued', 'queued'],
] as const

const afterTurn = {
  completed: 'ended',
  cancelled: 'stopped',
  interrupted: 'interrupted',
  refused: 'refused',
  failed: 'failed',
} as const satisfies Record<TurnOutcome, TaskState>

/** What is over counts of the newest chat alone: a further attempt replaces the one before. An archived chat is put away. */
export function stateOf({ closedAs, hasStartFailed, attempts }: TaskFacts): TaskState {
  if (closedAs) return closedAs
  const open = attempts.filter((each) => !each.isArchived)
  for (const [status, state] of underWay) if (open.some((each) => each.status === status)) return state
  if (hasStartFailed) return 'not-started'
  const newest = open.at(-1)
  if (!newest || newest.lastOutcome === null) return 'to-do'
  return newest.status === 'failed' ? 'failed' : afterTurn[newest.lastOutcome]
}

export const isUnderWay = (state: TaskState): boolean => state === 'asking' || state === 'running' || state === 'queued'

/** Whether a chat can be started for it: one at a time, and not for what is closed. */
export const mayStart = (state: TaskState): boolean => !isUnderWay(state) && state !== 'done' && state !== 'cancelled'

/** Where a person may put it; everything else follows from the runs. Work under way is stopped first. */
export function movesFrom(state: TaskState): readonly ('done' | 'cancelled' | 'reopened')[] {
  if (state === 'done' || state === 'cancelled') return ['reopened']
  return isUnderWay(state) ? [] : ['done', 'cancelled']
}
