/**
 * What a check of a credential found, as its row keeps it and people read it. Made by
 * `server/connections/validation.ts` over the path that a run would use.
 */
import { z } from 'zod'
import type { FailureCode } from '#core/errors.ts'

export const verdicts = [
  /** The provider took it. */
  'accepted',
  /** It answered, and neither took nor refused it: a server of one's own need not list models. */
  'unverified',
  'refused',
  'out-of-quota',
  /** Nobody answered, or only with a failure of its own: it says nothing of the credential. */
  'unreachable',
  /** The harness cannot use it: wrong kind, no dialect in common, or unreadable with this master key. */
  'unfitting',
  /** Also an access token that is over and that its program renews at the next run; nothing is broken then. */
  'expired',
  'signed-in-elsewhere',
  /** A login of which only a run can tell more: its vendors cannot be asked without spending something. */
  'looks-whole',
] as const
export const Verdict = z.enum(verdicts)
export type Verdict = z.infer<typeof Verdict>

/** What a check found. `code` is what a person reads where the verdict is no good news. */
export type Answer = { verdict: Verdict; code: FailureCode | null }

/** Why a credential with this verdict cannot be used; null where it can, or may be tried. */
export const whyUnusable = {
  accepted: null,
  unverified: null,
  refused: 'provider.refused-key',
  'out-of-quota': null,
  unreachable: null,
  unfitting: 'connection.refused-by-harness',
  expired: 'login.expired',
  'signed-in-elsewhere': 'login.elsewhere',
  'looks-whole': null,
} as const satisfies Record<Verdict, FailureCode | null>
