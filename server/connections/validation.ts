/**
 * Whether a credential would work, asked over the very path that a run would use, and kept on its row.
 * Keys are tried out at their provider; a native login is judged by what its own file says, since asking its vendor
 * would spend its refresh token behind its owner's back.
 * From: `router.ts`, and `service.ts` before a new one is stored. Next: `key-check.ts`.
 */
import { fit, type Credential, type CredentialKind } from '#core/connections/connection.ts'
import { isExpired, LoginFacts, readLogin } from '#core/connections/login-facts.ts'
import { whyUnusable, type Verdict } from '#core/connections/verdict.ts'
import { isFailureCode, type FailureCode } from '#core/errors.ts'
import type { Harness } from '#core/harnesses/harness.ts'
import { modelListPath, presetById } from '#core/providers/presets.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { record } from '#server/audit/service.ts'
import { checkKey, type Answer } from '#server/connections/key-check.ts'
import { demandHarness, tellChanged } from '#server/connections/offer.ts'
import { connectionFacts, endpointsOf, openSecret } from '#server/connections/resolver.ts'
import { demandChangeable } from '#server/connections/rights.ts'
import type { AttachmentRow, CredentialRow } from '#server/connections/store.ts'
import { updateVerdict } from '#server/connections/verdict-store.ts'
import type { Question } from '#server/proxy/guarded-get.ts'

export type Validation = { verdict: Verdict; at: string; code: FailureCode | null }

/** @throws connection.missing, access.denied */
export async function validate(scope: TeamScope, { connectionId }: { connectionId: string }): Promise<Validation> {
  const row = await demandChangeable(scope, connectionId)
  const { verdict, code } = await judgeRow(row, demandHarness(row.harness))
  const at = new Date()
  const { id: credentialId, version, kind } = row.credential
  await updateVerdict({ credentialId, version }, { verdict, at, code, brokenCode: brokenBy({ verdict, kind }) }, (db) =>
    record(db, {
      teamId: row.teamId,
      actorId: scope.userId,
      act: 'connection.validated',
      subject: { kind: 'connection', id: row.id },
      facts: { ...connectionFacts(row), verdict, code },
    }),
  )
  tellChanged(scope, row.scope)
  return { verdict, at: at.toISOString(), code }
}

/**
 * What a verdict makes of the row: a key that is taken works whatever was said before, one that is refused does not.
 * Of a login nobody was asked, so nothing that is known of it is forgotten, and its expiry is read from its facts.
 * Undefined leaves it as it was.
 */
export function brokenBy({ verdict, kind }: { verdict: Verdict; kind: CredentialKind }): FailureCode | null | undefined {
  if (kind !== 'api-key') return undefined
  if (verdict === 'accepted') return null
  return verdict === 'unfitting' ? undefined : (whyUnusable[verdict] ?? undefined)
}

async function judgeRow({ credential }: AttachmentRow, harness: Harness): Promise<Answer> {
  if (!fit(harness, credential)) return { verdict: 'unfitting', code: 'connection.refused-by-harness' }
  const opened = openSecret(credential)
  if (opened.is === 'unreadable') return { verdict: 'unfitting', code: 'connection.unreadable' }
  if (credential.kind === 'api-key') return judgeKey(harness, credential, opened.text)
  return knownOfLogin(credential.brokenCode) ?? judgeLogin(factsOf(credential.loginFacts))
}

type Shape = Pick<Credential, 'kind' | 'provider' | 'format' | 'issuer' | 'baseUrl' | 'dialect'>

/** A key that is stored, or one that is about to be. */
export async function judgeKey(harness: Harness, credential: Shape, key: string): Promise<Answer> {
  const check = keyCheckOf(harness, credential, key)
  return check ? checkKey(check) : { verdict: 'unfitting', code: 'connection.refused-by-harness' }
}

/**
 * Where a run's requests would go. Of a preset with several base URLs only the first has an address that surely tells a
 * good key from a bad one; it takes the same key.
 */
function keyCheckOf(harness: Harness, credential: Shape, key: string): Question | null {
  const fitting = fit(harness, credential)
  if (fitting?.via !== 'proxy') return null
  const preset = presetById(credential.provider ?? '')
  if (!preset) return { url: `${fitting.baseUrl}${modelListPath[fitting.dialect]}`, authHeader: fitting.authHeader, key }
  const [first] = endpointsOf(credential)
  return first ? { url: `${first.baseUrl}${preset.keyCheckPath}`, authHeader: first.authHeader, key } : null
}

/** What its vendor, its program or the broker have found out about a login before. */
function knownOfLogin(brokenCode: CredentialRow['brokenCode']): Answer | null {
  if (!isFailureCode(brokenCode)) return null
  if (brokenCode === 'login.elsewhere') return { verdict: 'signed-in-elsewhere', code: brokenCode }
  return { verdict: brokenCode === 'login.expired' ? 'expired' : 'refused', code: brokenCode }
}

export const judgeLogin = (facts: LoginFacts | null): Answer =>
  facts && isExpired(facts, Date.now()) ? { verdict: 'expired', code: 'login.expired' } : { verdict: 'looks-whole', code: null }

const factsOf = (stored: unknown): LoginFacts | null => LoginFacts.safeParse(stored).data ?? null

/** What a login file says of itself; null for what is no file, or of a format that says nothing. */
export function factsOfSecret({ kind, format }: Pick<Credential, 'kind' | 'format'>, material: string): LoginFacts | null {
  const read = kind === 'auth-file' && format !== null ? readLogin(format, material) : null
  return read?.is === 'login' ? read.facts : null
}
