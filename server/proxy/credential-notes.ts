/**
 * What the exchanges with a provider say of the credential that they spent, for its row on the connections page.
 * From: `metered-exchange.ts`. Next: `server/connections/resolver.ts`.
 */
import type { FailureCode } from '#core/errors.ts'
import { markBroken, markFailed, markUsed } from '#server/connections/resolver.ts'
import { log } from '#server/log.ts'
import { recheckRuns } from '#server/proxy/kept-runs.ts'
import type { ProxiedRun } from '#server/proxy/run.ts'

/** The provider has said no to the key: nobody spends it until it is replaced or found good again. */
export async function markRefused(run: ProxiedRun): Promise<void> {
  try {
    await markBroken(run.credentialId, run.credentialVersion, 'provider.refused-key')
    await recheckRuns()
  } catch (error) {
    log.error({ err: error, credentialId: run.credentialId }, 'A refused key could not be marked')
  }
}

const NOTE_USE_EVERY_MS = 60_000
const notedMs = new Map<string, number>()

/** What goes wrong at the provider, whatever is asked of it; a refused key is marked as broken instead. */
const ofProvider: readonly FailureCode[] = [
  'provider.out-of-quota',
  'provider.failed',
  'provider.unreachable',
  'provider.garbled',
  'upstream.unsafe',
]
const NOTE_FAILURE_EVERY_MS = 10_000
const failedMs = new Map<string, number>()

/** "Last error" on the connections page: each sort once in a while, since an agent asks again and again. */
export function noteFailure({ credentialId, credentialVersion }: ProxiedRun, code: FailureCode): void {
  const name = `${credentialId} ${credentialVersion} ${code}`
  const nowMs = Date.now()
  if (!ofProvider.includes(code) || nowMs - (failedMs.get(name) ?? 0) < NOTE_FAILURE_EVERY_MS) return
  if (failedMs.size > 10_000) failedMs.clear()
  failedMs.set(name, nowMs)
  markFailed(credentialId, credentialVersion, code).catch((error: unknown) =>
    log.warn({ err: error }, 'The failure of a credential could not be noted'),
  )
}

/** "Last used" on the connections page; a minute is exact enough. */
export function noteUse(credentialId: string): void {
  const nowMs = Date.now()
  if (nowMs - (notedMs.get(credentialId) ?? 0) < NOTE_USE_EVERY_MS) return
  notedMs.set(credentialId, nowMs)
  if (notedMs.size > 10_000) notedMs.clear()
  markUsed(credentialId).catch((error: unknown) => log.warn({ err: error }, 'The use of a credential could not be noted'))
}
