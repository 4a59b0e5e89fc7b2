/**
 * Whether a credential would work, asked over the very path that a run would use, and kept on its row.
 * Keys are tried out at their provider, native logins at their vendor, where that spends nothing.
 * From: `router.ts`, and `service.ts` before a new one is stored. Next: `key-check.ts`, `server/logins/check.ts`.
 */
import { fit, isNativeLogin, type Credential, type CredentialKind } from '#core/connections/connection.ts'
import { LoginFacts, readLogin } from '#core/connections/login-facts.ts'
import { whyUnusable, type Answer, type Verdict } from '#core/connections/verdict.ts'
import { isFailureCode, type FailureCode } from '#core/errors.ts'
import type { Harness } from '#core/harnesses/harness.ts'
import { modelListPath, presetById } from '#core/providers/presets.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { record } from '#server/audit/service.ts'
import { checkKey } from '#server/connections/key-check.ts'
import { demandHarness, tellChanged } from '#server/connections/offer.ts'
import { connectionFacts, endpointsOf, openSecret } from '#server/connections/resolver.ts'
import { demandChangeable } from '#server/connections/rights.ts'
import type { AttachmentRow, CredentialRow } from '#server/connections/store.ts'
import { updateVerdict } from '#server/connections/verdict-store.ts'
import { checkNewLogin, checkStoredLogin } from '#server/logins/service.ts'
import type { Question } from '#server/proxy/guarded-get.ts'

export type Validation = { verdict: Verdict; at: string; code: FailureCode | null }

/** @throws connection.missing, access.denied */
export async function validate(scope: TeamScope, { connectionId }: { connectionId: string }): Promise<Validation> {
  const row = await demandChangeable(scope, connectionId)
  const { answer, loginRevision } = await judgeRow(row, demandHarness(row.harness))
  const { verdict, code } = answer
  const at = new Date()
  const { id: credentialId, version, kind } = row.credential
  await updateVerdict({ credentialId, version, loginRevision }, { verdict, at, code, brokenCode: brokenBy(answer, kind) }, (db) =>
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
 * What an answer makes of the row: what is taken works whatever was said before, what is refused does not. Of a login
 * only its vendor's own word counts; its expiry is read from its facts. Undefined leaves it as it was.
 */
export function brokenBy({ verdict, code }: Answer, kind: CredentialKind): FailureCode | null | undefined {
  if (verdict === 'accepted') return null
  if (kind !== 'api-key') return verdict === 'refused' ? code : undefined
  return verdict === 'unfitting' ? undefined : (whyUnusable[verdict] ?? undefined)
}

type Judged = { answer: Answer; loginRevision: number }

async function judgeRow({ credential }: AttachmentRow, harness: Harness): Promise<Judged> {
  const { id: credentialId, version, loginRevision } = credential
  const judged = (answer: Answer): Judged => ({ answer, loginRevision })
  if (!fit(harness, credential)) return judged({ verdict: 'unfitting', code: 'connection.refused-by-harness' })
  const opened = openSecret(credential)
  if (opened.is === 'unreadable') return judged({ verdict: 'unfitting', code: 'connection.unreadable' })
  if (credential.kind === 'api-key') return judged(await judgeKey(harness, credential, opened.text))
  const known = knownOfLogin(credential.brokenCode)
  if (known) return judged(known)
  const facts = factsOf(credential.loginFacts)
  return checkStoredLogin(harness, { ...credential, material: opened.text, facts }, { credentialId, version, loginRevision })
}

/** What is about to be stored: a key asked about at its provider, a login at its vendor. */
export function judgeSecretOf(harness: Harness, credential: Shape, material: string): Promise<Answer> {
  if (!isNativeLogin(credential.kind)) return judgeKey(harness, credential, material)
  return checkNewLogin(harness, { ...credential, material, facts: factsOfSecret(credential, material) })
}

type Shape = Pick<Credential, 'kind' | 'provider' | 'format' | 'issuer' | 'baseUrl' | 'dialect'>

async function judgeKey(harness: Harness, credential: Shape, key: string): Promise<Answer> {
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

/** What its program or the broker have found out before, and what no access token that still works takes back. */
function knownOfLogin(brokenCode: CredentialRow['brokenCode']): Answer | null {
  if (!isFailureCode(brokenCode) || brokenCode === 'login.refused') return null
  if (brokenCode === 'login.elsewhere') return { verdict: 'signed-in-elsewhere', code: brokenCode }
  return { verdict: brokenCode === 'login.expired' ? 'expired' : 'refused', code: brokenCode }
}

const factsOf = (stored: unknown): LoginFacts | null => LoginFacts.safeParse(stored).data ?? null

/** What a login file says of itself; null for what is no file, or of a format that says nothing. */
export function factsOfSecret({ kind, format }: Pick<Credential, 'kind' | 'format'>, material: string): LoginFacts | null {
  const read = kind === 'auth-file' && format !== null ? readLogin(format, material) : null
  return read?.is === 'login' ? read.facts : null
}
