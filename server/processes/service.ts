/**
 * This process among those on the same database. Each beats; what one leaves behind that beats no more is closed by the
 * others. What that is, the caller says: `server/usage/ledger.ts`.
 */
import { log } from '#server/log.ts'
import { mintUuid } from '#server/db/mint.ts'
import { SILENT_MS, steadinessFrom } from '#server/processes/steadiness.ts'
import { beat, findDead, markDead, removeProcess, type DeadProcess } from '#server/processes/store.ts'

export type { DeadProcess } from '#server/processes/store.ts'

const BEAT_MS = 5_000

let processId = mintUuid()

/** By which records and loans name this process. Another one after it was given up. */
export const thisProcess = (): string => processId

export type Undertaker = {
  /** Closes what a dead process left. May be called again for the same one, and by several processes at once. */
  close(dead: DeadProcess): Promise<void>
  /** Others took this process for dead. */
  onGivenUp(): void
}

/** Resolves after the first beat. @returns to stop it; the process is forgotten then */
export async function keepBeating({ close, onGivenUp }: Undertaker): Promise<() => Promise<void>> {
  const mayJudge = steadinessFrom(Date.now())
  let busy: Promise<void> = Promise.resolve()
  const once = async () => {
    try {
      if (!(await beat(processId))) {
        log.warn('Other processes took this one for gone')
        processId = mintUuid()
        onGivenUp()
        await beat(processId)
      }
      if (mayJudge(Date.now())) await closeDead({ close })
    } catch (error) {
      log.warn({ err: error }, 'This process could not say that it lives')
    }
  }
  await once()
  const timer = setInterval(() => void (busy = busy.then(once)), BEAT_MS)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await busy
    await removeProcess(processId)
  }
}

export async function closeDead({ close, silentMs = SILENT_MS }: Pick<Undertaker, 'close'> & { silentMs?: number }): Promise<void> {
  for (const dead of await findDead({ silentMs })) {
    await close(dead)
    if (!dead.wasKnown) await markDead(dead.processId)
  }
}
