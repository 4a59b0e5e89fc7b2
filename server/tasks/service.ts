/**
 * Tasks of a project: what people and agents do with them. How one stands is nobody's word here but its chats'
 * (`core/tasks/state.ts`); people only accept, cancel and reopen. What an agent does is its person's act, and says through
 * which agent (`through`: its harness) it came.
 * From: `router.ts`, and `server/mcp/tools` for agents. Next: `start.ts` for the chat of a task, `triggers-service.ts` for
 * what makes tasks without a person.
 */
import { movesFrom, stateOf, type Verdict } from '#core/tasks/state.ts'
import { startFields, type TaskOrigin } from '#core/tasks/task.ts'
import { DomainError } from '#core/errors.ts'
import { harnessName } from '#core/harnesses/registry.ts'
import { TaskId, type ChatId, type UserId } from '#core/ids.ts'
import { mayInProject } from '#server/access/acts.ts'
import type { ProjectScope, TeamScope } from '#server/access/scope.ts'
import { historyOf, record, type HistoryEntry } from '#server/audit/service.ts'
import { readStandings, sumChanges, type ChangeSum, type ChatStanding } from '#server/chats/service.ts'
import { inTransaction, type PoolClient } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import { hintList } from '#server/realtime/bus.ts'
import * as store from '#server/tasks/store.ts'
import type { CommentRow, TaskFields, TaskRow } from '#server/tasks/store.ts'
import { updateStartFailure } from '#server/tasks/trigger-store.ts'
import { attemptsOf, viewTasks, type TaskCard } from '#server/tasks/view.ts'

export { startTask } from '#server/tasks/start.ts'
export { findTaskOfChat } from '#server/tasks/store.ts'
export type { TaskCard } from '#server/tasks/view.ts'

const HISTORY_MAX = 100

export const listTasks = async (scope: ProjectScope): Promise<TaskCard[]> => viewTasks(scope, await store.findTasks(scope))

/** What is assigned to the asking person and open, in all projects; what is due first. */
export const listAssigned = async (scope: TeamScope): Promise<TaskCard[]> => viewTasks(scope, await store.findAssigned(scope))

/** `seen` is null for a chat that the reader does not see; its id is not told then. */
export type TaskChatView = Pick<ChatStanding, 'status' | 'lastOutcome' | 'isArchived' | 'createdByName' | 'seen'> & {
  chatId: ChatId | null
  changes: ChangeSum | null
}

export type TaskView = TaskCard & {
  instructions: string
  wish: { harness: string | null; model: string | null; branch: string | null }
  origin: TaskOrigin | null
  closedByName: string | null
  /** The newest first. */
  chats: TaskChatView[]
  subtasks: TaskCard[]
  comments: (Omit<CommentRow, 'harness'> & { agentName: string | null; mayRemove: boolean })[]
  /** The newest first. */
  history: HistoryEntry[]
  /** Whether the asking person may change it, start it, comment on it. */
  mayChange: boolean
}

/** @throws task.missing */
export async function readTask(scope: ProjectScope, { taskId }: { taskId: string }): Promise<TaskView> {
  const row = await demandTask(scope, taskId)
  const [[card], standings, changes, parts, comments, history] = await Promise.all([
    viewTasks(scope, [row]),
    readStandings(scope, row.chatIds),
    sumChanges(scope, row.chatIds),
    store.findParts(scope, row.taskId),
    store.findComments(row.taskId),
    historyOf(scope, row.taskId, HISTORY_MAX),
  ])
  const isMaintainer = mayInProject(scope.projectRole, 'manage')
  return {
    ...card!,
    instructions: row.instructions,
    wish: { harness: row.harness, model: row.model, branch: row.branch },
    origin: row.origin,
    closedByName: row.closedByName,
    chats: attemptsOf(row, standings)
      .map(({ createdBy: _, chatId, ...standing }) => ({
        ...standing,
        chatId: standing.seen ? chatId : null,
        changes: changes.get(chatId) ?? null,
      }))
      .toReversed(),
    subtasks: await viewTasks(scope, parts),
    comments: comments.map(({ harness, ...each }) => ({
      ...each,
      agentName: harness === null ? null : harnessName(harness),
      mayRemove: each.by === scope.userId || isMaintainer,
    })),
    history,
    mayChange: mayInProject(scope.projectRole, 'prompt'),
  }
}

export type TaskInput = { title: string } & Partial<Omit<TaskFields, 'title'>>
export type NewTaskInput = TaskInput & { parentId?: string | undefined; subtasks?: readonly string[] | undefined }

/** With its sub-tasks, all or none. @throws task.missing for its parent; member.missing; request.invalid below a sub-task */
export async function createTask(scope: ProjectScope, input: NewTaskInput, through: string | null = null): Promise<{ taskId: TaskId }> {
  const origin = through === null ? null : ({ is: 'agent', name: harnessName(through) } as const)
  const taskId = await inTransaction((tx) => createWithin(tx, scope, { ...input, origin, startsItself: false }))
  tell(scope)
  return { taskId }
}

export type MadeTask = NewTaskInput & { origin: TaskOrigin | null; startsItself: boolean }

/** As a part of the caller's transaction, at its end; then `tell`. */
export async function createWithin(tx: PoolClient, scope: ProjectScope, input: MadeTask): Promise<TaskId> {
  const { parentId = null, subtasks = [], origin, startsItself } = input
  if (parentId !== null) {
    const parent = await store.findTask(scope, parentId, tx)
    if (!parent) throw new DomainError('task.missing')
    if (parent.parent || subtasks.length > 0)
      throw new DomainError('request.invalid', { problem: 'A sub-task has no sub-tasks of its own.' })
  }
  const wish = { harness: input.harness ?? null, model: input.model ?? null, branch: input.branch ?? null }
  const fields = { instructions: input.instructions ?? '', assigneeId: input.assigneeId ?? null, dueOn: input.dueOn ?? null, ...wish }
  await demandMember(tx, scope, fields.assigneeId)
  const task = { ...fields, taskId: mintUuid() as TaskId, parentId, title: input.title, origin, startsItself }
  await store.insertTask(tx, scope, task)
  for (const title of subtasks) {
    const part = { ...wish, taskId: mintUuid() as TaskId, parentId: task.taskId, title, instructions: '', assigneeId: null, dueOn: null }
    await store.insertTask(tx, scope, { ...part, origin, startsItself: false })
  }
  const by = origin && `the ${origin.is} “${origin.name}”`
  await enter(tx, scope, {
    act: 'task.created',
    task,
    facts: { ...(by && { by }), ...(subtasks.length > 0 && { count: subtasks.length }) },
  })
  return task.taskId
}

const fieldNames: Readonly<Record<keyof TaskFields, string>> = {
  title: 'title',
  instructions: 'instructions',
  assigneeId: 'assignee',
  dueOn: 'due date',
  harness: 'agent',
  model: 'model',
  branch: 'branch',
}

/**
 * One that somebody else is to be started for waits for a person from then on.
 * @throws task.missing; member.missing
 */
export async function updateTask(
  scope: ProjectScope,
  { taskId, ...fields }: { taskId: string } & Partial<TaskFields>,
  through: string | null = null,
): Promise<void> {
  await change(scope, taskId, async (tx, task) => {
    const changed = store.updatableFields.filter((name) => fields[name] !== undefined && fields[name] !== valueOf(task, name))
    if (changed.length === 0) return
    if (changed.includes('assigneeId')) await demandMember(tx, scope, fields.assigneeId ?? null)
    await store.updateFields(tx, task.taskId, Object.fromEntries(changed.map((name) => [name, fields[name]])))
    // Another's words, or those of another's agent, are not to be prompted as its maker's.
    if ((task.createdBy !== scope.userId || through !== null) && startFields.some((name) => changed.includes(name)))
      await updateStartFailure(tx, task.taskId, { code: 'task.changed', facts: {} })
    const by = through && `the agent “${harnessName(through)}”`
    const facts = { changed: changed.map((name) => fieldNames[name]).join(', '), ...(by && { by }) }
    await enter(tx, scope, { act: 'task.changed', task: { ...task, title: fields.title ?? task.title }, facts })
  })
}

const valueOf = (task: TaskRow, name: keyof TaskFields) => (name === 'assigneeId' ? (task.assignee?.userId ?? null) : task[name])

/** By a person: accepted, or given up. @throws task.missing; task.busy while an agent is at it */
export async function closeTask(scope: ProjectScope, { taskId, as }: { taskId: string; as: Verdict }): Promise<void> {
  await change(scope, taskId, async (tx, task) => {
    if (task.closedAs === as) return
    const attempts = attemptsOf(task, await readStandings(scope, task.chatIds, tx))
    // From one verdict to the other, too: nothing is under way then that was not when it was closed.
    const state = stateOf({ closedAs: null, hasStartFailed: task.startFailure !== null, attempts })
    if (!movesFrom(state).includes(as)) throw new DomainError('task.busy')
    await store.updateVerdict(tx, task.taskId, { closedAs: as, by: scope.userId })
    await enter(tx, scope, { act: 'task.closed', task, facts: { as } })
  })
}

export async function reopenTask(scope: ProjectScope, { taskId }: { taskId: string }): Promise<void> {
  await change(scope, taskId, async (tx, task) => {
    if (task.closedAs === null) return
    await store.updateVerdict(tx, task.taskId, { closedAs: null, by: scope.userId })
    await enter(tx, scope, { act: 'task.reopened', task, facts: {} })
  })
}

/** @throws task.missing */
export async function addComment(
  scope: ProjectScope,
  { taskId, text }: { taskId: string; text: string },
  through: string | null = null,
): Promise<{ commentId: string }> {
  const comment = { id: mintUuid(), by: scope.userId, harness: through, text }
  await change(scope, taskId, (tx, task) => store.insertComment(tx, { ...comment, taskId: task.taskId }))
  return { commentId: comment.id }
}

/** By who wrote it, or a maintainer of the project. @throws task.missing; comment.missing */
export async function removeComment(scope: ProjectScope, { taskId, commentId }: { taskId: string; commentId: string }): Promise<void> {
  const by = mayInProject(scope.projectRole, 'manage') ? null : scope.userId
  await change(scope, taskId, async (tx, task) => {
    const removed = await store.deleteComment(tx, { taskId: task.taskId, id: commentId, by })
    if (!removed) throw new DomainError('comment.missing')
    await enter(tx, scope, { act: 'task.comment-removed', task, facts: { ownerId: removed.by } })
  })
}

/** For whoever changed a task, once it is committed: boards and pages ask again. */
export const tell = ({ teamId }: Pick<TeamScope, 'teamId'>): void => hintList({ teamId, topic: 'tasks' })

async function change(scope: ProjectScope, taskId: string, work: (tx: PoolClient, task: TaskRow) => Promise<void>): Promise<void> {
  await inTransaction(async (tx) => {
    await lockOrThrow(tx, scope, taskId)
    await work(tx, await demandTask(scope, taskId, tx))
  })
  tell(scope)
}

async function lockOrThrow(tx: PoolClient, scope: ProjectScope, taskId: string): Promise<void> {
  if (!TaskId.safeParse(taskId).success || !(await store.lockTask(tx, scope, taskId))) throw new DomainError('task.missing')
}

async function demandTask(scope: ProjectScope, taskId: string, tx?: PoolClient): Promise<TaskRow> {
  const task = TaskId.safeParse(taskId).success ? await store.findTask(scope, taskId, tx) : null
  if (!task) throw new DomainError('task.missing')
  return task
}

async function demandMember(tx: PoolClient, scope: TeamScope, userId: string | null): Promise<void> {
  if (userId !== null && !(await store.isMember(tx, scope, userId))) throw new DomainError('member.missing')
}

type Entry = {
  act: 'task.created' | 'task.changed' | 'task.closed' | 'task.reopened' | 'task.comment-removed'
  task: { taskId: TaskId; title: string }
  facts: Record<string, string | number | UserId>
}

/** Last in its transaction, as every entry of the audit log. */
const enter = (tx: PoolClient, { teamId, projectId, userId }: ProjectScope, { act, task, facts }: Entry): Promise<void> =>
  record(tx, {
    teamId,
    actorId: userId,
    act,
    subject: { kind: 'task', id: task.taskId },
    facts: { taskTitle: task.title, projectId, ...facts },
  })
