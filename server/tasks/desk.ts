/**
 * Does what no person sits in front of: schedules that are due, and tasks that are to be started for who made them. All of it
 * stands in the database, so a restart forgets nothing, and of several servers one does each.
 * From: `server/run.ts`. Next: `fire.ts`, `start.ts`.
 */
import { DomainError } from '#core/errors.ts'
import { enterProjectAgain } from '#server/access/scope.ts'
import { record } from '#server/audit/service.ts'
import { inTransaction } from '#server/db/client.ts'
import { log } from '#server/log.ts'
import { onHint } from '#server/realtime/bus.ts'
import { fireDue } from '#server/tasks/fire.ts'
import { tell } from '#server/tasks/service.ts'
import { startUnasked } from '#server/tasks/start.ts'
import * as store from '#server/tasks/trigger-store.ts'

const LOOK_EVERY_MS = 5_000
const STARTS_AT_ONCE = 20
/** A caller that tries again later than this makes a task anew. */
const DELIVERIES_KEPT_MS = 30 * 86_400_000
const SWEEP_EVERY_MS = 3_600_000

/** Resolves when everything that is due by `now` is done. */
export async function doWhatIsDue(now: Date): Promise<void> {
  while (await fireDue(now)) {
    // The next one.
  }
  for (const pending of await store.findPendingStarts(STARTS_AT_ONCE)) {
    // One that cannot be judged now must not keep the others waiting: it stays, and is tried again.
    await startOne(pending).catch((error: unknown) => log.warn({ err: error, taskId: pending.taskId }, 'A task could not be started yet'))
  }
}

/** What keeps it from starting stands on the task from then on, for people to mend. */
async function startOne({ taskId, teamId, projectId, by }: store.PendingStart): Promise<void> {
  try {
    const scope = await enterProjectAgain({ userId: by, teamId, projectId, act: 'prompt' })
    await startUnasked(scope, { taskId })
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    const { code, facts } = error
    await inTransaction(async (tx) => {
      const title = await store.updateStartFailure(tx, taskId, { code, facts })
      if (title === null) return
      const subject = { kind: 'task', id: taskId } as const
      await record(tx, { teamId, actorId: null, act: 'task.not-started', subject, facts: { taskTitle: title, projectId, code } })
    })
    tell({ teamId })
  }
}

/** Returns how to stop. */
export function startTaskDesk(): () => Promise<void> {
  let working: Promise<void> = Promise.resolve()
  let isAsked = false
  const look = (): void => {
    if (isAsked) return
    isAsked = true
    working = working
      .then(() => {
        isAsked = false
        return doWhatIsDue(new Date())
      })
      .catch((error: unknown) => log.warn({ err: error }, 'Schedules and starts of tasks could not be looked after'))
  }
  const sweep = () =>
    void store
      .deleteDeliveriesBefore(new Date(Date.now() - DELIVERIES_KEPT_MS))
      .catch((error: unknown) => log.warn({ err: error }, 'Old deliveries could not be forgotten'))
  const offHint = onHint((hint) => {
    if (hint.about === 'list' && hint.topic === 'tasks') look()
  })
  const timers = [setInterval(look, LOOK_EVERY_MS).unref(), setInterval(sweep, SWEEP_EVERY_MS).unref()]
  look()
  return async () => {
    offHint()
    for (const timer of timers) clearInterval(timer)
    await working
  }
}
