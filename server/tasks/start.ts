/**
 * Starts the chat of a task: chat, prompt, link and audit entry in one transaction, so that a task is never half started.
 * Whoever comes second finds the chat of the first. From: `service.ts`, `triggers-service.ts`. Next: `server/chats/service.ts`.
 */
import { isUnderWay, stateOf } from '#core/tasks/state.ts'
import { taskPrompt, type StartWish } from '#core/tasks/task.ts'
import { DomainError } from '#core/errors.ts'
import { TaskId, type ChatId } from '#core/ids.ts'
import type { ProjectScope } from '#server/access/scope.ts'
import { record } from '#server/audit/service.ts'
import { createChat, readStandings } from '#server/chats/service.ts'
import type { PoolClient } from '#server/db/client.ts'
import { hintList } from '#server/realtime/bus.ts'
import * as store from '#server/tasks/store.ts'
import { attemptsOf } from '#server/tasks/view.ts'

/** `isNew` is false where somebody else was first. */
export type StartedTask = { chatId: ChatId; isNew: boolean }

/** Thrown inside the transaction: it takes the second chat back. */
class AlreadyUnderWay extends Error {
  readonly chatId: ChatId
  constructor(chatId: ChatId) {
    super('An agent is at the task already')
    this.chatId = chatId
  }
}

/**
 * What is left out is as the task wishes it; null is the agent's own model, and the repository's own branch.
 * @throws task.missing; task.closed; task.busy when somebody else's private chat is at it; request.invalid without an agent;
 * whatever keeps a chat from being made
 */
export const startTask = (
  scope: ProjectScope,
  asked: { taskId: string } & { [field in keyof StartWish]?: StartWish[field] | undefined },
): Promise<StartedTask> => start(scope, { ...asked, isUnasked: false })

/** By the server, for who made the task: only while it still is to be started. @throws as `startTask` */
export const startUnasked = (scope: ProjectScope, asked: { taskId: TaskId }): Promise<StartedTask | null> =>
  start(scope, { ...asked, isUnasked: true }).catch((error: unknown) => {
    if (error instanceof NotWanted) return null
    throw error
  })

/** Thrown inside the transaction: another server, or a person, was first. */
class NotWanted extends Error {}

type Asked = { taskId: string; isUnasked: boolean } & { [field in keyof StartWish]?: StartWish[field] | undefined }

async function start(scope: ProjectScope, { taskId, isUnasked, ...chosen }: Asked): Promise<StartedTask> {
  const task = TaskId.safeParse(taskId).success ? await store.findTask(scope, taskId) : null
  if (!task) throw new DomainError('task.missing')
  const wish = {
    harness: chosen.harness ?? task.harness,
    model: chosen.model === undefined ? modelOf(task, chosen.harness) : chosen.model,
    branch: chosen.branch === undefined ? task.branch : chosen.branch,
  }
  if (wish.harness === null) throw new DomainError('request.invalid', { problem: 'No agent is chosen for this task.' })
  const parent = task.parent && (await store.findTask(scope, task.parent.taskId))
  try {
    const { chatId } = await createChat(scope, {
      harness: wish.harness,
      title: task.title,
      ...(wish.model !== null && { model: wish.model }),
      ...(wish.branch !== null && { branch: wish.branch }),
      prompt: [{ type: 'text', text: taskPrompt({ ...task, parent }) }],
      also: (tx, made) => claim(tx, scope, { taskId: task.taskId, chatId: made, harness: wish.harness!, isUnasked }),
    })
    hintList({ teamId: scope.teamId, topic: 'tasks' })
    return { chatId, isNew: true }
  } catch (error) {
    if (error instanceof AlreadyUnderWay) return { chatId: error.chatId, isNew: false }
    throw error
  }
}

/** A model belongs to its agent: another agent's is no wish any more. */
const modelOf = (task: StartWish, harness: string | null | undefined): string | null =>
  harness && harness !== task.harness ? null : task.model

/** Under the task's lock: of two that start it at once, the second sees what the first has made. */
async function claim(
  tx: PoolClient,
  scope: ProjectScope,
  { taskId, chatId, harness, isUnasked }: { taskId: TaskId; chatId: ChatId; harness: string; isUnasked: boolean },
): Promise<void> {
  if (!(await store.lockTask(tx, scope, taskId))) throw new DomainError('task.missing')
  const task = await store.findTask(scope, taskId, tx)
  if (!task) throw new DomainError('task.missing')
  if (isUnasked && !task.startsItself) throw new NotWanted()
  if (task.closedAs) throw new DomainError('task.closed')
  const attempts = attemptsOf(task, await readStandings(scope, task.chatIds, tx))
  const underWay = attempts.find((each) => isUnderWay(stateOf({ closedAs: null, hasStartFailed: false, attempts: [each] })))
  if (underWay && !underWay.seen) throw new DomainError('task.busy')
  if (underWay) throw new AlreadyUnderWay(underWay.chatId)
  await store.insertTaskChat(tx, { taskId, chatId, by: scope.userId })
  await record(tx, {
    teamId: scope.teamId,
    actorId: scope.userId,
    act: 'task.started',
    subject: { kind: 'task', id: taskId },
    facts: { taskTitle: task.title, projectId: scope.projectId, harness },
  })
}
