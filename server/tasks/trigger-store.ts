/** The rows of templates, of what makes tasks of them, and of what a webhook has taken. Project and team are in every WHERE that a person reaches. */
import type { Schedule } from '#core/tasks/schedule.ts'
import type { FailureCode } from '#core/errors.ts'
import type { ProjectId, TaskId, TeamId, TemplateId, TriggerId, UserId } from '#core/ids.ts'
import type { ProjectScope } from '#server/access/scope.ts'
import { pool, type PoolClient } from '#server/db/client.ts'

type Db = Pick<PoolClient, 'query'>
type Place = Pick<ProjectScope, 'teamId' | 'projectId'>

export type TemplateRow = {
  templateId: TemplateId
  name: string
  title: string
  instructions: string
  assigneeId: string | null
  harness: string | null
  model: string | null
  branch: string | null
}

const TEMPLATE = `m.id as "templateId", m.name, m.title, m.instructions, m."assigneeId", m.harness, m.model, m.branch`

export async function findTemplates({ teamId, projectId }: Place): Promise<TemplateRow[]> {
  const { rows } = await pool().query(
    `select ${TEMPLATE} from task_template m where m."teamId" = $1 and m."projectId" = $2 order by lower(m.name), m.id`,
    [teamId, projectId],
  )
  return rows
}

export async function findTemplate({ teamId, projectId }: Place, templateId: string, db: Db = pool()): Promise<TemplateRow | null> {
  const { rows } = await db.query(`select ${TEMPLATE} from task_template m where m.id = $3 and m."teamId" = $1 and m."projectId" = $2`, [
    teamId,
    projectId,
    templateId,
  ])
  return rows[0] ?? null
}

/** As `findTemplate`, and keeps it until the transaction ends. */
export async function lockTemplate(tx: Db, { teamId, projectId }: Place, templateId: string): Promise<TemplateRow | null> {
  const { rows } = await tx.query(
    `select ${TEMPLATE} from task_template m where m.id = $3 and m."teamId" = $1 and m."projectId" = $2 for update`,
    [teamId, projectId, templateId],
  )
  return rows[0] ?? null
}

/** Made, or changed when it is there. False when another of the project has the name. */
export async function putTemplate(tx: Db, { teamId, projectId }: Place, row: TemplateRow): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into task_template as m (id, "teamId", "projectId", name, title, instructions, "assigneeId", harness, model, branch)
     select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
     where not exists (select from task_template o where o."projectId" = $3 and o.name = $4 and o.id <> $1)
     on conflict (id) do update set name = $4, title = $5, instructions = $6, "assigneeId" = $7, harness = $8, model = $9, branch = $10
       where m."teamId" = $2 and m."projectId" = $3`,
    [row.templateId, teamId, projectId, row.name, row.title, row.instructions, row.assigneeId, row.harness, row.model, row.branch],
  )
  return rowCount === 1
}

/** With what makes tasks of it. Its name; null when it is not there. */
export async function deleteTemplate(tx: Db, { teamId, projectId }: Place, templateId: string): Promise<string | null> {
  const { rows } = await tx.query('delete from task_template where id = $3 and "teamId" = $1 and "projectId" = $2 returning name', [
    teamId,
    projectId,
    templateId,
  ])
  return rows[0]?.name ?? null
}

export type TriggerRow = {
  triggerId: TriggerId
  teamId: TeamId
  projectId: ProjectId
  templateId: TemplateId
  templateName: string
  name: string
  ownerId: UserId
  ownerName: string
  isEnabled: boolean
  startsChat: boolean
  schedule: Schedule | null
  dueAt: Date | null
  firedAt: Date | null
  problem: FailureCode | null
}

const TRIGGER = `g.id as "triggerId", g."teamId", g."projectId", g."templateId", m.name as "templateName", g.name, g."ownerId",
  coalesce(u.name, 'A former member') as "ownerName", g."isEnabled", g."startsChat", g.schedule, g."dueAt", g."firedAt", g.problem`
const FROM = `task_trigger g join task_template m on m.id = g."templateId" left join "user" u on u.id = g."ownerId"`

export async function findTriggers({ teamId, projectId }: Place): Promise<TriggerRow[]> {
  const { rows } = await pool().query(
    `select ${TRIGGER} from ${FROM} where g."teamId" = $1 and g."projectId" = $2 order by lower(g.name), g.id`,
    [teamId, projectId],
  )
  return rows
}

/** Waits for it, and keeps it until the transaction ends. */
export async function lockTrigger(tx: Db, { teamId, projectId }: Place, triggerId: string): Promise<TriggerRow | null> {
  const { rows } = await tx.query(
    `select ${TRIGGER} from ${FROM} where g.id = $3 and g."teamId" = $1 and g."projectId" = $2 for update of g`,
    [teamId, projectId, triggerId],
  )
  return rows[0] ?? null
}

export type NewTrigger = Pick<TriggerRow, 'triggerId' | 'templateId' | 'name' | 'startsChat' | 'schedule'> & {
  dueAt: Date | null
  secret: { sealed: Buffer; masterVersion: number } | null
}

export async function insertTrigger(tx: Db, { teamId, projectId, userId }: ProjectScope, row: NewTrigger): Promise<void> {
  await tx.query(
    `insert into task_trigger (id, "teamId", "projectId", "templateId", name, "ownerId", "startsChat", schedule, "dueAt", sealed, "masterVersion")
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      row.triggerId,
      teamId,
      projectId,
      row.templateId,
      row.name,
      userId,
      row.startsChat,
      row.schedule === null ? null : JSON.stringify(row.schedule),
      row.dueAt,
      row.secret?.sealed ?? null,
      row.secret?.masterVersion ?? null,
    ],
  )
}

export async function updateEnabled(
  tx: Db,
  triggerId: TriggerId,
  { isEnabled, ownerId, dueAt, problem }: Pick<TriggerRow, 'isEnabled' | 'ownerId' | 'dueAt' | 'problem'>,
): Promise<void> {
  await tx.query('update task_trigger set "isEnabled" = $2, "ownerId" = $3, "dueAt" = $4, problem = $5 where id = $1', [
    triggerId,
    isEnabled,
    ownerId,
    dueAt,
    problem,
  ])
}

/** What starts agents with this template for others than `but` is switched off. */
export async function disableStarts(
  tx: Db,
  { templateId, but, problem }: { templateId: TemplateId; but: UserId; problem: FailureCode },
): Promise<Pick<TriggerRow, 'triggerId' | 'name' | 'schedule'>[]> {
  const { rows } = await tx.query(
    `update task_trigger set "isEnabled" = false, "dueAt" = null, problem = $3
     where "templateId" = $1 and "ownerId" <> $2 and "isEnabled" and "startsChat" returning id as "triggerId", name, schedule`,
    [templateId, but, problem],
  )
  return rows
}

export async function deleteTrigger(tx: Db, triggerId: TriggerId): Promise<void> {
  await tx.query('delete from task_trigger where id = $1', [triggerId])
}

/** One schedule that is due, kept until the transaction ends; one that another server is at is left to it. */
export async function takeDue(tx: Db, now: Date): Promise<TriggerRow | null> {
  const { rows } = await tx.query(
    `select ${TRIGGER} from ${FROM} join project p on p.id = g."projectId"
     where g."isEnabled" and g."dueAt" <= $1 and p."archivedAt" is null order by g."dueAt" limit 1 for update of g skip locked`,
    [now],
  )
  return rows[0] ?? null
}

export async function updateFired(tx: Db, triggerId: TriggerId, { now, dueAt }: { now: Date; dueAt: Date | null }): Promise<void> {
  await tx.query('update task_trigger set "firedAt" = $2, "dueAt" = $3, problem = null where id = $1', [triggerId, now, dueAt])
}

export type HookRow = { teamId: TeamId; projectId: ProjectId; sealed: Buffer; masterVersion: number }

/** What a call is checked with; null for everything but a webhook that is on, in a project that is not archived. */
export async function findHook(triggerId: TriggerId): Promise<HookRow | null> {
  const { rows } = await pool().query(
    `select g."teamId", g."projectId", g.sealed, g."masterVersion" from task_trigger g join project p on p.id = g."projectId"
     where g.id = $1 and g."isEnabled" and g.sealed is not null and p."archivedAt" is null`,
    [triggerId],
  )
  return rows[0] ?? null
}

type Delivery = { triggerId: TriggerId; deliveryId: string }

/** The task that the same delivery has made before; null when it is new. Asked under the trigger's lock. */
export async function findDelivery(tx: Db, { triggerId, deliveryId }: Delivery): Promise<TaskId | null> {
  const { rows } = await tx.query('select "taskId" from task_delivery where "triggerId" = $1 and "deliveryId" = $2', [
    triggerId,
    deliveryId,
  ])
  return rows[0]?.taskId ?? null
}

export async function insertDelivery(tx: Db, { triggerId, deliveryId, taskId }: Delivery & { taskId: TaskId }): Promise<void> {
  await tx.query('insert into task_delivery ("triggerId", "deliveryId", "taskId") values ($1, $2, $3)', [triggerId, deliveryId, taskId])
}

export async function deleteDeliveriesBefore(before: Date): Promise<void> {
  await pool().query('delete from task_delivery where at < $1', [before])
}

export type PendingStart = { taskId: TaskId; teamId: TeamId; projectId: ProjectId; by: UserId }

/** Tasks that the server is to start, the oldest first. */
export async function findPendingStarts(limit: number): Promise<PendingStart[]> {
  const { rows } = await pool().query(
    `select t.id as "taskId", t."teamId", t."projectId", t."createdBy" as "by" from project_task t where t."startsItself" and t."closedAs" is null
     order by t.ord limit $1`,
    [limit],
  )
  return rows
}

/** What it is called; null when it was started, or given up, meanwhile. */
export async function updateStartFailure(tx: Db, taskId: TaskId, failure: { code: FailureCode; facts: object }): Promise<string | null> {
  const { rows } = await tx.query(
    'update project_task set "startsItself" = false, "startFailure" = $2, "updatedAt" = now() where id = $1 and "startsItself" returning title',
    [taskId, JSON.stringify(failure)],
  )
  return rows[0]?.title ?? null
}
