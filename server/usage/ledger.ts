/**
 * The life of the ledger in one process: it says that it lives, closes what dead ones left open, and lends from budgets.
 * Started by whoever serves the proxy (`server/run.ts`, `server/proxy/main.ts`).
 */
import { forfeitLoans, keepPurse, releaseLoans } from '#server/budgets/spending.ts'
import { log } from '#server/log.ts'
import { keepBeating, thisProcess, type DeadProcess } from '#server/processes/service.ts'
import { closeAsUnknown, findAbandoned } from '#server/usage/closing-store.ts'
import { drainOpening } from '#server/usage/opener.ts'
import { drainSettling } from '#server/usage/settler.ts'

/** It may have opened some more before it noticed that it was given up; how exact the clocks are is its machine's business. */
const AFTERWARDS_MS = 60_000

/** @returns to stop it, once everything is written */
export async function startLedger(): Promise<() => Promise<void>> {
  const stopBeating = await keepBeating({ close: closeLeftovers, onGivenUp: forfeitLoans })
  const stopPurse = keepPurse()
  return async () => {
    await drainUsage()
    await stopPurse()
    // What could not be settled is open still, and after this nobody would look for it.
    await closeLeftovers({ processId: thisProcess(), beatAt: new Date(), wasKnown: false })
    await stopBeating()
  }
}

/** Everything that was opened or settled is written. */
export async function drainUsage(): Promise<void> {
  await drainOpening()
  await drainSettling()
}

/** Loans last: until then what is lent and what is settled both count. */
export async function closeLeftovers({ processId, beatAt, wasKnown }: DeadProcess): Promise<void> {
  let closed = 0
  const since = wasKnown ? new Date(beatAt.getTime() - AFTERWARDS_MS) : null
  for (const [chatId, ids] of await findAbandoned({ processId, since })) closed += await closeAsUnknown({ chatId, ids })
  await releaseLoans(processId)
  if (closed > 0) log.warn({ closed }, 'Closed usage records that a process which is gone had left open')
}
