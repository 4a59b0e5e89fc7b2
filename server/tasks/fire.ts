/**
 * Makes tasks without a person: of a schedule that is due, and of a call to a webhook. Each in one transaction with what says
 * that it was made, so that it is made once, however many servers look and however often a call comes.
 * From: `desk.ts` and `hook-handler.ts`. Next: `service.ts`; what is to be started, `desk.ts` starts.
 */
import { withQuoted } from '#core/tasks/quote.ts'
import { catchUp } from '#core/tasks/schedule.ts'
import type { TaskOrigin } from '#core/tasks/task.ts'
import { DomainError, type FailureCode } from '#core/errors.ts'
import type { TaskId, TriggerId } from '#core/ids.ts'
import { enterProjectAgain, type ProjectScope } from '#server/access/scope.ts'
import { record } from '#server/audit/service.ts'
import { inTransaction, type PoolClient } from '#server/db/client.ts'
import { createWithin, tell } from '#server/tasks/service.ts'
import { isMember } from '#server/tasks/store.ts'
import * as store from '#server/tasks/trigger-store.ts'
import type { HookRow, TriggerRow } from '#server/tasks/trigger-store.ts'

/** One schedule that is due by `now`; false when none is. One whose owner may not make tasks any more is switched off. */
export async function fireDue(now: Date): Promise<boolean> {
  const fired = await inTransaction(async (tx) => {
    const trigger = await store.takeDue(tx, now)
    if (!trigger?.schedule || !trigger.dueAt) return null
    const { dueAtMs, missed, nextAtMs } = catchUp(trigger.schedule, { dueAtMs: trigger.dueAt.getTime(), nowMs: now.getTime() })
    await store.updateFired(tx, trigger.triggerId, { now, dueAt: new Date(nextAtMs) })
    const origin = { is: 'schedule', name: trigger.name, dueAt: new Date(dueAtMs).toISOString(), missed } as const
    await makeOrSwitchOff(tx, trigger, { origin, quoted: null })
    return trigger
  })
  if (fired) tell(fired)
  return fired !== null
}

export type Taken = { is: 'made' | 'repeated'; taskId: TaskId } | { is: 'refused'; code: FailureCode } | { is: 'gone' }

/** A call that was proved already. `gone` when the webhook was removed or switched off meanwhile. */
export async function takeCall(
  triggerId: TriggerId,
  hook: HookRow,
  { deliveryId, body }: { deliveryId: string; body: string },
): Promise<Taken> {
  const taken = await inTransaction(async (tx): Promise<Taken> => {
    const trigger = await store.lockTrigger(tx, hook, triggerId)
    if (!trigger?.isEnabled) return { is: 'gone' }
    const before = await store.findDelivery(tx, { triggerId, deliveryId })
    if (before) return { is: 'repeated', taskId: before }
    await store.updateFired(tx, triggerId, { now: new Date(), dueAt: null })
    const origin = { is: 'webhook', name: trigger.name, deliveryId } as const
    const made = await makeOrSwitchOff(tx, trigger, { origin, quoted: { from: `the webhook “${trigger.name}”`, text: body } })
    if (!made.ok) return { is: 'refused', code: made.code }
    await store.insertDelivery(tx, { triggerId, deliveryId, taskId: made.taskId })
    return { is: 'made', taskId: made.taskId }
  })
  if (taken.is === 'made' || taken.is === 'refused') tell(hook)
  return taken
}

type Making = { origin: TaskOrigin; quoted: { from: string; text: string } | null }
type Made = { ok: true; taskId: TaskId } | { ok: false; code: FailureCode }

async function makeOrSwitchOff(tx: PoolClient, trigger: TriggerRow, { origin, quoted }: Making): Promise<Made> {
  const entered = await enterForOwner(tx, trigger)
  if (!entered.ok) {
    await switchOff(tx, trigger, entered.code)
    return entered
  }
  const { scope } = entered
  const template = await store.findTemplate(scope, trigger.templateId, tx)
  if (!template) throw new DomainError('template.missing')
  const { templateId: _, name: _name, ...task } = template
  const isThere = task.assigneeId !== null && (await isMember(tx, scope, task.assigneeId))
  const instructions = quoted ? withQuoted(task.instructions, quoted) : task.instructions
  const made = { ...task, instructions, assigneeId: isThere ? task.assigneeId : null, origin, startsItself: trigger.startsChat }
  return { ok: true, taskId: await createWithin(tx, scope, made) }
}

/** Their place is proved anew, as it is now. */
async function enterForOwner(
  tx: PoolClient,
  { ownerId, teamId, projectId }: TriggerRow,
): Promise<{ ok: true; scope: ProjectScope } | { ok: false; code: FailureCode }> {
  try {
    return { ok: true, scope: await enterProjectAgain({ userId: ownerId, teamId, projectId, act: 'prompt' }, tx) }
  } catch (error) {
    if (error instanceof DomainError) return { ok: false, code: error.code }
    throw error
  }
}

async function switchOff(
  tx: PoolClient,
  { triggerId, ownerId, teamId, projectId, name, schedule }: TriggerRow,
  code: FailureCode,
): Promise<void> {
  await store.updateEnabled(tx, triggerId, { isEnabled: false, ownerId, dueAt: null, problem: code })
  const facts = { name, kind: schedule ? 'schedule' : 'webhook', projectId, code }
  await record(tx, { teamId, actorId: null, act: 'trigger.disabled', subject: { kind: 'trigger', id: triggerId }, facts })
}
