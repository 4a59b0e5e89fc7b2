/**
 * Templates of a project, and the schedules and webhooks that make tasks of them. A trigger acts for who made it: with their
 * role and on their connections, as they are when it fires. A native login is prompted by its owner only, so what somebody else
 * makes of a template starts nothing for them until they switch it on again. From: `triggers-router.ts`. Next: `fire.ts`.
 */
import { randomBytes } from 'node:crypto'
import { nextAfter, scheduleWords, type Schedule } from '#core/tasks/schedule.ts'
import { startFields } from '#core/tasks/task.ts'
import { HOOK_PATH, type Template } from '#core/tasks/trigger.ts'
import { DomainError } from '#core/errors.ts'
import type { TemplateId, TriggerId, UserId } from '#core/ids.ts'
import type { AuditFacts } from '#core/audit/acts.ts'
import type { ProjectScope } from '#server/access/scope.ts'
import { record } from '#server/audit/service.ts'
import { vault } from '#server/connections/vault.ts'
import { inTransaction, type PoolClient } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import { env } from '#server/env.ts'
import { tell } from '#server/tasks/service.ts'
import { placeOfSecret } from '#server/tasks/hook-secret.ts'
import { isMember } from '#server/tasks/store.ts'
import * as store from '#server/tasks/trigger-store.ts'

export const listTemplates = (scope: ProjectScope): Promise<store.TemplateRow[]> => store.findTemplates(scope)

/**
 * What starts its tasks for others is switched off when it tells their agents something else from now on.
 * @throws template.missing for another project's; member.missing; request.invalid for a name that is taken
 */
export async function saveTemplate(
  scope: ProjectScope,
  { templateId, ...fields }: Omit<Template, 'templateId'> & { templateId?: TemplateId | undefined },
) {
  const saved = await inTransaction(async (tx) => {
    const before = templateId ? await store.lockTemplate(tx, scope, templateId) : null
    if (templateId && !before) throw new DomainError('template.missing')
    if (fields.assigneeId !== null && !(await isMember(tx, scope, fields.assigneeId))) throw new DomainError('member.missing')
    const row = { ...fields, templateId: templateId ?? (mintUuid() as TemplateId) }
    if (!(await store.putTemplate(tx, scope, row)))
      throw new DomainError('request.invalid', { problem: 'Another template of this project has that name.' })
    const isOther = before !== null && startFields.some((name) => before[name] !== row[name])
    const problem = 'template.changed'
    const stopped = isOther ? await store.disableStarts(tx, { templateId: row.templateId, but: scope.userId, problem }) : []
    await enter(tx, scope, { act: 'template.saved', subject: { kind: 'template', id: row.templateId }, facts: { name: row.name } })
    for (const { triggerId, ...each } of stopped) {
      const facts = { ...factsOf(each), code: problem }
      await enter(tx, scope, { act: 'trigger.disabled', subject: { kind: 'trigger', id: triggerId }, facts })
    }
    return row.templateId
  })
  tell(scope)
  return { templateId: saved }
}

/** What makes tasks of it goes with it; tasks that were made stay. @throws template.missing */
export async function removeTemplate(scope: ProjectScope, { templateId }: { templateId: TemplateId }): Promise<void> {
  await inTransaction(async (tx) => {
    const name = await store.deleteTemplate(tx, scope, templateId)
    if (name === null) throw new DomainError('template.missing')
    await enter(tx, scope, { act: 'template.removed', subject: { kind: 'template', id: templateId }, facts: { name } })
  })
  tell(scope)
}

export type TriggerView = Pick<
  store.TriggerRow,
  'triggerId' | 'templateId' | 'templateName' | 'name' | 'ownerName' | 'isEnabled' | 'startsChat' | 'schedule' | 'problem'
> & {
  ownerId: UserId
  /** When it is due next; null for a webhook, and for what is switched off. */
  dueAt: string | null
  firedAt: string | null
  /** Where a webhook is called; null for a schedule. */
  url: string | null
}

export async function listTriggers(scope: ProjectScope): Promise<TriggerView[]> {
  const rows = await store.findTriggers(scope)
  return rows.map(({ teamId: _, projectId: _project, dueAt, firedAt, ...row }) => ({
    ...row,
    dueAt: row.isEnabled ? (dueAt?.toISOString() ?? null) : null,
    firedAt: firedAt?.toISOString() ?? null,
    url: row.schedule === null ? urlOf(row.triggerId) : null,
  }))
}

type NewTrigger = { templateId: TemplateId; name: string; startsChat: boolean }

/** @throws template.missing */
export async function addSchedule(
  scope: ProjectScope,
  { schedule, ...input }: NewTrigger & { schedule: Schedule },
): Promise<{ triggerId: TriggerId }> {
  const triggerId = mintUuid() as TriggerId
  const dueAt = new Date(nextAfter(schedule, Date.now()))
  await add(scope, { ...input, triggerId, schedule, dueAt, secret: null })
  return { triggerId }
}

/** The secret is told this once: what is stored can only be compared with. @throws template.missing */
export async function addWebhook(scope: ProjectScope, input: NewTrigger): Promise<{ triggerId: TriggerId; url: string; secret: string }> {
  const triggerId = mintUuid() as TriggerId
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  const sealed = vault().seal(placeOfSecret({ triggerId, teamId: scope.teamId }), secret)
  await add(scope, { ...input, triggerId, schedule: null, dueAt: null, secret: sealed })
  return { triggerId, url: urlOf(triggerId), secret }
}

async function add(scope: ProjectScope, row: store.NewTrigger): Promise<void> {
  await inTransaction(async (tx) => {
    if (!(await store.findTemplate(scope, row.templateId, tx))) throw new DomainError('template.missing')
    await store.insertTrigger(tx, scope, row)
    const when = row.schedule && { when: scheduleWords(row.schedule) }
    await enter(tx, scope, { act: 'trigger.saved', subject: { kind: 'trigger', id: row.triggerId }, facts: { ...factsOf(row), ...when } })
  })
  tell(scope)
}

/** Whoever switches one on is whom it acts for. What passed while a schedule was off stays undone. @throws trigger.missing */
export async function setTriggerEnabled(
  scope: ProjectScope,
  { triggerId, isEnabled }: { triggerId: TriggerId; isEnabled: boolean },
): Promise<void> {
  await change(scope, triggerId, async (tx, row) => {
    if (row.isEnabled === isEnabled) return
    const dueAt = isEnabled && row.schedule ? new Date(nextAfter(row.schedule, Date.now())) : null
    const ownerId = isEnabled ? scope.userId : row.ownerId
    await store.updateEnabled(tx, triggerId, { isEnabled, ownerId, dueAt, problem: null })
    const act = isEnabled ? 'trigger.enabled' : 'trigger.disabled'
    await enter(tx, scope, { act, subject: { kind: 'trigger', id: triggerId }, facts: factsOf(row) })
  })
}

/** @throws trigger.missing */
export async function removeTrigger(scope: ProjectScope, { triggerId }: { triggerId: TriggerId }): Promise<void> {
  await change(scope, triggerId, async (tx, row) => {
    await store.deleteTrigger(tx, triggerId)
    await enter(tx, scope, { act: 'trigger.removed', subject: { kind: 'trigger', id: triggerId }, facts: factsOf(row) })
  })
}

async function change(
  scope: ProjectScope,
  triggerId: TriggerId,
  work: (tx: PoolClient, row: store.TriggerRow) => Promise<void>,
): Promise<void> {
  await inTransaction(async (tx) => {
    const row = await store.lockTrigger(tx, scope, triggerId)
    if (!row) throw new DomainError('trigger.missing')
    await work(tx, row)
  })
  tell(scope)
}

const urlOf = (triggerId: TriggerId): string => `${env().url}${HOOK_PATH}${triggerId}`
const factsOf = ({ name, schedule }: { name: string; schedule: Schedule | null }): AuditFacts => ({
  name,
  kind: schedule ? 'schedule' : 'webhook',
})

type Entry = {
  act: 'template.saved' | 'template.removed' | 'trigger.saved' | 'trigger.enabled' | 'trigger.disabled' | 'trigger.removed'
  subject: { kind: 'template' | 'trigger'; id: string }
  facts: AuditFacts
}

/** Last in its transaction, as every entry of the audit log. */
const enter = (tx: PoolClient, { teamId, projectId, userId }: ProjectScope, { facts, ...entry }: Entry): Promise<void> =>
  record(tx, { teamId, actorId: userId, ...entry, facts: { ...facts, projectId } })
