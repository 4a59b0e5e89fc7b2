/**
 * Which connection holds for a harness, and why: pure, with a trace that "Why this one?"
 * shows. Next: `server/connections/service.ts` pins the answer for a run.
 */
import type { FailureCode } from '#core/errors.ts'
import type { Harness } from '#core/harnesses/harness.ts'
import { fit, scopes, type Attachment, type Fit, type Scope } from '#core/connections/connection.ts'

export type Verdict = 'inherit' | 'used' | ConnectionFailure
export type ConnectionFailure = Extract<FailureCode, `connection.${string}` | LoginFailure>
/** What becomes of a login by itself has words of its own: it is signed in again, not repaired. */
type LoginFailure = 'login.expired' | 'login.elsewhere' | 'login.lost' | 'login.refused'
export type Step = { scope: Scope; verdict: Verdict }

export type Resolution =
  | { ok: true; attachment: Attachment; fit: Fit; trace: Step[] }
  | { ok: false; code: ConnectionFailure; trace: Step[] }

/**
 * Nearest scope wins. Anything but absence ends the search: a disabled or broken
 * attachment halts, since falling through would spend a credential nobody chose.
 *
 * @param attachments of any harness, at most one per harness and scope
 */
export function resolve(attachments: readonly Attachment[], harness: Harness): Resolution {
  const trace: Step[] = []
  for (const scope of scopes) {
    const found = attachments.find((each) => each.scope === scope && each.harness === harness.id)
    if (!found) {
      trace.push({ scope, verdict: 'inherit' })
      continue
    }
    const judged = judge(found, harness)
    trace.push({ scope, verdict: typeof judged === 'string' ? judged : 'used' })
    return typeof judged === 'string' ? { ok: false, code: judged, trace } : { ok: true, attachment: found, fit: judged, trace }
  }
  return { ok: false, code: 'connection.missing', trace }
}

/** One attachment by itself: how it reaches the harness, or why it cannot be used. */
export function judge({ isEnabled, credential }: Attachment, harness: Harness): Fit | ConnectionFailure {
  if (!isEnabled) return 'connection.disabled'
  if (!credential.isReadable) return 'connection.unreadable'
  if (credential.brokenCode) return isLoginFailure(credential.brokenCode) ? credential.brokenCode : 'connection.broken'
  if (credential.isExpired) return 'login.expired'
  return fit(harness, credential) ?? 'connection.refused-by-harness'
}

const loginFailures: readonly FailureCode[] = ['login.expired', 'login.elsewhere', 'login.lost', 'login.refused'] satisfies LoginFailure[]
const isLoginFailure = (code: FailureCode): code is LoginFailure => loginFailures.includes(code)
