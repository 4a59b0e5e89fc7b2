/**
 * Tasks as people see them: their rows, with how they stand by their chats. Of a chat that the reader does not see, a task
 * tells that there is one, whose it is and how it stands: no title, no agent, no model, no reason, no cost.
 */
import { stateOf, type TaskState } from '#core/tasks/state.ts'
import type { FailureCode, FailureFacts } from '#core/errors.ts'
import type { ChatId } from '#core/ids.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { readStandings, type ChatStanding } from '#server/chats/service.ts'
import type { TaskRow } from '#server/tasks/store.ts'
import { sumCosts, type ChatCost } from '#server/usage/service.ts'

/** What only the page of a task tells, or nobody. */
type Inner = 'instructions' | 'createdBy' | 'model' | 'branch' | 'closedByName' | 'origin' | 'startsItself' | 'startFailure' | 'chatIds'

export type TaskCard = Omit<TaskRow, Inner> & {
  state: TaskState
  /** Why it failed or could not be started; null where nobody said, or the reader may not know. */
  failure: { code: FailureCode; facts: FailureFacts } | null
  /** Of the chat that it stands by, else as wished; null when it is open, or the reader may not know. */
  harness: string | null
  /** The one that it stands by, when the reader sees it. */
  chatId: ChatId | null
  /** It stands by a chat that the reader does not see. */
  isPrivate: boolean
  /** Of the chats that the reader sees; null before anything was asked of a model. */
  cost: ChatCost | null
}

export type Standings = ReadonlyMap<ChatId, ChatStanding>

/** The chats of a task that still are, the oldest first. */
export const attemptsOf = (row: Pick<TaskRow, 'chatIds'>, standings: Standings): ChatStanding[] =>
  row.chatIds.flatMap((chatId) => standings.get(chatId) ?? [])

export async function viewTasks(scope: TeamScope, rows: readonly TaskRow[]): Promise<TaskCard[]> {
  const chatIds = rows.flatMap((row) => row.chatIds)
  const [standings, costs] = await Promise.all([readStandings(scope, chatIds), sumCosts(scope, chatIds)])
  return rows.map((row) => toCard(row, { standings, costs }))
}

export function toCard(row: TaskRow, { standings, costs }: { standings: Standings; costs: ReadonlyMap<ChatId, ChatCost> }): TaskCard {
  const attempts = attemptsOf(row, standings)
  const state = stateOf({ closedAs: row.closedAs, hasStartFailed: row.startFailure !== null, attempts })
  const standsBy = newestOf(attempts)
  const { instructions: _, createdBy: _by, model: _model, branch: _branch, closedByName: _closer, origin: _origin, ...told } = row
  const { startsItself: _starts, startFailure, chatIds, ...card } = told
  return {
    ...card,
    state,
    failure: state === 'not-started' ? startFailure : state === 'failed' ? (standsBy?.seen?.failure ?? null) : null,
    harness: standsBy ? (standsBy.seen?.harness ?? null) : row.harness,
    chatId: standsBy?.seen ? standsBy.chatId : null,
    isPrivate: standsBy !== null && standsBy.seen === null,
    cost: totalOf(chatIds.flatMap((chatId) => costs.get(chatId) ?? [])),
  }
}

const urgency: readonly ChatStanding['status'][] = ['waiting', 'running', 'queued']

/** As `stateOf` judges: what is under way stands before the newest. */
function newestOf(attempts: readonly ChatStanding[]): ChatStanding | null {
  const open = attempts.filter((each) => !each.isArchived)
  for (const status of urgency) {
    const found = open.find((each) => each.status === status)
    if (found) return found
  }
  return open.at(-1) ?? null
}

const totalOf = (costs: readonly ChatCost[]): ChatCost | null =>
  costs.length === 0
    ? null
    : costs.reduce((sum, each) => ({
        costMicros: sum.costMicros + each.costMicros,
        unpricedRequests: sum.unpricedRequests + each.unpricedRequests,
        subscriptionTurns: sum.subscriptionTurns + each.subscriptionTurns,
      }))
