/** The rows of tasks and their comments. Team and project are in the WHERE of every query; what a chat may show is not asked here. */
import type { TaskOrigin } from '#core/tasks/task.ts'
import type { Verdict } from '#core/tasks/state.ts'
import type { FailureCode, FailureFacts } from '#core/errors.ts'
import type { ChatId, ProjectId, TaskId, UserId } from '#core/ids.ts'
import type { ProjectScope, TeamScope } from '#server/access/scope.ts'
import { pool, type PoolClient } from '#server/db/client.ts'

type Db = Pick<PoolClient, 'query'>

export type TaskRow = {
  taskId: TaskId
  projectId: ProjectId
  projectName: string
  parent: { taskId: TaskId; title: string } | null
  title: string
  instructions: string
  createdBy: UserId
  createdByName: string
  createdAt: string
  updatedAt: string
  assignee: { userId: UserId; name: string } | null
  /** `YYYY-MM-DD`. */
  dueOn: string | null
  harness: string | null
  model: string | null
  branch: string | null
  closedAs: Verdict | null
  closedAt: string | null
  closedByName: string | null
  origin: TaskOrigin | null
  startsItself: boolean
  startFailure: { code: FailureCode; facts: FailureFacts } | null
  /** The oldest first. */
  chatIds: ChatId[]
  commentCount: number
  parts: { total: number; done: number }
}

const FORMER = `'A former member'`
const COLUMNS = `t.id as "taskId", t."projectId", p.name as "projectName",
  case when parent.id is not null then json_build_object('taskId', parent.id, 'title', parent.title) end as parent,
  t.title, t.instructions, t."createdBy", coalesce(u.name, ${FORMER}) as "createdByName", t."createdAt", t."updatedAt",
  case when t."assigneeId" is not null then json_build_object('userId', t."assigneeId", 'name', coalesce(a.name, ${FORMER})) end as assignee,
  to_char(t."dueOn", 'YYYY-MM-DD') as "dueOn", t.harness, t.model, t.branch, t."closedAs", t."closedAt",
  case when t."closedBy" is not null then coalesce(b.name, ${FORMER}) end as "closedByName", t.origin, t."startsItself", t."startFailure",
  (select coalesce(json_agg(k."chatId" order by k."startedAt", k."chatId"), '[]') from task_chat k where k."taskId" = t.id) as "chatIds",
  (select count(*)::int from task_comment m where m."taskId" = t.id) as "commentCount",
  (select json_build_object('total', count(*), 'done', count(*) filter (where s."closedAs" is not null)) from project_task s where s."parentId" = t.id) as parts`
const FROM = `project_task t join project p on p.id = t."projectId" left join project_task parent on parent.id = t."parentId"
  left join "user" u on u.id = t."createdBy" left join "user" a on a.id = t."assigneeId" left join "user" b on b.id = t."closedBy"`

type Stored = Omit<TaskRow, 'createdAt' | 'updatedAt' | 'closedAt'> & { createdAt: Date; updatedAt: Date; closedAt: Date | null }
const toRow = ({ createdAt, updatedAt, closedAt, ...row }: Stored): TaskRow => ({
  ...row,
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
  closedAt: closedAt?.toISOString() ?? null,
})

const OPEN_MAX = 1_000
const CLOSED_MAX = 100

/** Those that are open, and the newest of the closed ones. */
export async function findTasks({ teamId, projectId }: ProjectScope): Promise<TaskRow[]> {
  const { rows } = await pool().query<Stored>(
    `(select ${COLUMNS} from ${FROM} where t."teamId" = $1 and t."projectId" = $2 and t."closedAs" is null order by t."updatedAt" desc limit ${OPEN_MAX})
     union all
     (select ${COLUMNS} from ${FROM} where t."teamId" = $1 and t."projectId" = $2 and t."closedAs" is not null order by t."closedAt" desc limit ${CLOSED_MAX})`,
    [teamId, projectId],
  )
  return rows.map(toRow)
}

export async function findTask({ teamId, projectId }: ProjectScope, taskId: string, db: Db = pool()): Promise<TaskRow | null> {
  const { rows } = await db.query<Stored>(`select ${COLUMNS} from ${FROM} where t.id = $3 and t."teamId" = $1 and t."projectId" = $2`, [
    teamId,
    projectId,
    taskId,
  ])
  return rows[0] ? toRow(rows[0]) : null
}

export async function findParts({ teamId, projectId }: ProjectScope, taskId: string): Promise<TaskRow[]> {
  const { rows } = await pool().query<Stored>(
    `select ${COLUMNS} from ${FROM} where t."parentId" = $3 and t."teamId" = $1 and t."projectId" = $2 order by t.ord`,
    [teamId, projectId, taskId],
  )
  return rows.map(toRow)
}

/** What is open and assigned to the asking person, in projects that are not archived. */
export async function findAssigned({ teamId, userId }: TeamScope): Promise<TaskRow[]> {
  const { rows } = await pool().query<Stored>(
    `select ${COLUMNS} from ${FROM}
     where t."teamId" = $1 and t."assigneeId" = $2 and t."closedAs" is null and p."archivedAt" is null
     order by t."dueOn" nulls last, t."updatedAt" desc limit 200`,
    [teamId, userId],
  )
  return rows.map(toRow)
}

/** Waits for the task and keeps it until the transaction ends: whatever is decided on how it stands holds. */
export async function lockTask(
  tx: Db,
  { teamId, projectId }: Pick<ProjectScope, 'teamId' | 'projectId'>,
  taskId: string,
): Promise<boolean> {
  const { rowCount } = await tx.query('select from project_task where id = $3 and "teamId" = $1 and "projectId" = $2 for update', [
    teamId,
    projectId,
    taskId,
  ])
  return Boolean(rowCount)
}

export type TaskFields = {
  title: string
  instructions: string
  assigneeId: string | null
  dueOn: string | null
  harness: string | null
  model: string | null
  branch: string | null
}

export type NewTask = TaskFields & { taskId: TaskId; parentId: string | null; origin: TaskOrigin | null; startsItself: boolean }

export async function insertTask(tx: Db, { teamId, projectId, userId }: ProjectScope, task: NewTask): Promise<void> {
  await tx.query(
    `insert into project_task (id, "teamId", "projectId", "createdBy", "parentId", title, instructions, "assigneeId", "dueOn", harness, model, branch, origin, "startsItself")
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9::date, $10, $11, $12, $13, $14)`,
    [
      task.taskId,
      teamId,
      projectId,
      userId,
      task.parentId,
      task.title,
      task.instructions,
      task.assigneeId,
      task.dueOn,
      task.harness,
      task.model,
      task.branch,
      task.origin === null ? null : JSON.stringify(task.origin),
      task.startsItself,
    ],
  )
}

export const updatableFields = ['title', 'instructions', 'assigneeId', 'dueOn', 'harness', 'model', 'branch'] as const

/** Sets the named fields. The names of the columns come from the list above, never from a request. */
export async function updateFields(tx: Db, taskId: TaskId, fields: Partial<TaskFields>): Promise<void> {
  const named = updatableFields.filter((name) => fields[name] !== undefined)
  const sets = named.map((name, at) => `"${name}" = $${at + 2}${name === 'dueOn' ? '::date' : ''}`)
  await tx.query(`update project_task set ${[...sets, '"updatedAt" = now()'].join(', ')} where id = $1`, [
    taskId,
    ...named.map((name) => fields[name]),
  ])
}

export async function updateVerdict(tx: Db, taskId: TaskId, { closedAs, by }: { closedAs: Verdict | null; by: UserId }): Promise<void> {
  await tx.query(
    `update project_task set "closedAs" = $2::text::task_verdict, "closedBy" = case when $2::text is null then null else $3 end,
       "closedAt" = case when $2::text is null then null else now() end, "updatedAt" = now() where id = $1`,
    [taskId, closedAs, by],
  )
}

export async function insertTaskChat(tx: Db, { taskId, chatId, by }: { taskId: TaskId; chatId: ChatId; by: UserId }): Promise<void> {
  await tx.query('insert into task_chat ("taskId", "chatId", "startedBy", "startedAt") values ($1, $2, $3, clock_timestamp())', [
    taskId,
    chatId,
    by,
  ])
  await tx.query(`update project_task set "startsItself" = false, "startFailure" = null, "updatedAt" = now() where id = $1`, [taskId])
}

/** The task that this chat was started for; null for every other chat. */
export async function findTaskOfChat(
  { teamId, projectId }: ProjectScope,
  chatId: ChatId,
): Promise<{ taskId: TaskId; title: string } | null> {
  const { rows } = await pool().query(
    `select t.id as "taskId", t.title from task_chat k join project_task t on t.id = k."taskId"
     where k."chatId" = $3 and t."teamId" = $1 and t."projectId" = $2`,
    [teamId, projectId, chatId],
  )
  return rows[0] ?? null
}

/** `harness` is of the agent that wrote it for them; null when they did so by hand. */
export type CommentRow = { commentId: string; by: UserId; byName: string; harness: string | null; at: string; text: string }

export async function findComments(taskId: TaskId): Promise<CommentRow[]> {
  const { rows } = await pool().query(
    `select m.id as "commentId", m."by", coalesce(u.name, ${FORMER}) as "byName", m.harness, m.at, m.text
     from task_comment m left join "user" u on u.id = m."by" where m."taskId" = $1 order by m.at, m.id limit 1000`,
    [taskId],
  )
  return rows.map(({ at, ...row }) => ({ ...row, at: at.toISOString() }))
}

export async function insertComment(
  tx: Db,
  { taskId, id, by, harness, text }: { taskId: TaskId; id: string; by: UserId; harness: string | null; text: string },
): Promise<void> {
  await tx.query('insert into task_comment (id, "taskId", "by", harness, text) values ($1, $2, $3, $4, $5)', [
    id,
    taskId,
    by,
    harness,
    text,
  ])
  await tx.query('update project_task set "updatedAt" = now() where id = $1', [taskId])
}

/** Whose it was; null when it is not there, or not this person's to remove. */
export async function deleteComment(
  tx: Db,
  { taskId, id, by }: { taskId: TaskId; id: string; by: UserId | null },
): Promise<{ by: UserId } | null> {
  const { rows } = await tx.query(
    'delete from task_comment where id = $2 and "taskId" = $1 and ($3::text is null or "by" = $3) returning "by"',
    [taskId, id, by],
  )
  return rows[0] ?? null
}

export async function isMember(tx: Db, { teamId }: Pick<TeamScope, 'teamId'>, userId: string): Promise<boolean> {
  const { rowCount } = await tx.query('select from member where "teamId" = $1 and "userId" = $2', [teamId, userId])
  return Boolean(rowCount)
}
