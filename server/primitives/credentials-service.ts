/**
 * A credential by itself: a named secret that any harness may be given. What `connections.connect` does in one step,
 * people who debug do here in three. Next: `configurations-service.ts` binds it to a harness.
 */
import { fit } from '#core/connections/connection.ts'
import { judgeForAny } from '#core/connections/judge-any.ts'
import { modelList, type JudgedSecret, type Secret } from '#core/connections/secret.ts'
import type { Answer, Verdict } from '#core/connections/verdict.ts'
import { DomainError } from '#core/errors.ts'
import { findHarness } from '#core/harnesses/registry.ts'
import type { CredentialId } from '#core/ids.ts'
import { CUSTOM_PROVIDER } from '#core/providers/presets.ts'
import { enterTeamAgain, type TeamScope } from '#server/access/scope.ts'
import type { NewAuditEntry } from '#server/audit/service.ts'
import { factsOfSecret, findUserNames, judgeSecretOf } from '#server/connections/rows.ts'
import { ownerName, sealSecret } from '#server/connections/resolver.ts'
import { columnsOf } from '#server/connections/service.ts'
import { offeredHere, tellChanged } from '#server/connections/offer.ts'
import { demandPlace } from '#server/connections/rights.ts'
import { vault } from '#server/connections/vault.ts'
import { mintUuid } from '#server/db/mint.ts'
import {
  deleteCredential,
  insertCredential,
  renameCredential,
  replaceSecret,
  type StoredSecret,
} from '#server/primitives/credential-store.ts'
import { mayChangeCredential, reachOf } from '#server/primitives/rights.ts'
import { findVisible, findVisibleBy, type CredentialNode } from '#server/primitives/store.ts'
import { describeCredential, peopleOf, type CredentialView } from '#server/primitives/views.ts'
import { checkUpstreamUrl } from '#server/proxy/upstream-guard.ts'

type ById = { credentialId: string }

/** @throws credential.missing, also for one that is not the caller's to see */
export async function demandCredential(scope: TeamScope, { credentialId }: ById): Promise<CredentialNode> {
  const found = await findVisibleBy(reachOf(scope), { credentialId })
  if (!found) throw new DomainError('credential.missing')
  return found
}

async function demandChangeable(scope: TeamScope, byId: ById): Promise<CredentialNode> {
  const credential = await demandCredential(scope, byId)
  if (!mayChangeCredential(scope, credential)) throw new DomainError('access.denied')
  return credential
}

export async function listCredentials(scope: TeamScope): Promise<CredentialView[]> {
  const found = await findVisible(reachOf(scope))
  const names = await findUserNames(peopleOf(found))
  return found.map((each) => describeCredential(each, { scope, names }))
}

export async function getCredential(scope: TeamScope, byId: ById): Promise<CredentialView> {
  const found = await demandCredential(scope, byId)
  return describeCredential(found, { scope, names: await findUserNames(peopleOf([found])) })
}

export type NewCredential = {
  credentialId?: CredentialId | undefined
  name: string
  owner: 'user' | 'platform'
  secret: Secret
  /** Of a custom provider, comma separated. */
  models?: string | undefined
}

/**
 * It is tried out before, as connecting does, and stored whatever the provider says; the answer tells.
 * @throws access.denied, team.missing, credential.malformed, connection.refused-by-harness, upstream.unsafe, primitive.id-taken
 */
export async function createCredential(scope: TeamScope, input: NewCredential): Promise<{ credentialId: string; verdict: Verdict }> {
  const place = { scope: input.owner }
  await demandPlace(scope, place)
  const { secret, verdict } = await storable(judgeForAny(offeredHere(), input.secret), input.models)
  // The provider took its time; what they may do here can have changed meanwhile.
  await demandPlace(await enterTeamAgain(scope), place)
  const id = input.credentialId ?? mintUuid()
  const { name } = input
  const teamId = input.owner === 'platform' ? null : scope.teamId
  const row = { id, teamId, name, by: scope, secret }
  const entry = entryOf(scope, 'credential.created', { id, teamId, name, providerName: ownerName(secret), kind: secret.kind, verdict })
  if (!(await insertCredential(row, entry))) throw new DomainError('primitive.id-taken')
  tellChanged(scope, input.owner)
  return { credentialId: id, verdict }
}

/** From then on it is kept: what has a name of its own is somebody's, also when nothing uses it. */
export async function rename(scope: TeamScope, { credentialId, name }: ById & { name: string }): Promise<void> {
  const credential = await demandChangeable(scope, { credentialId })
  const entry = entryOf(scope, 'credential.renamed', { id: credentialId, teamId: credential.teamId, name, formerName: credential.name })
  if (!(await renameCredential({ id: credentialId, name }, entry))) throw new DomainError('credential.missing')
  tellOf(scope, credential)
}

/**
 * Puts another secret of the same kind into it, tried out like a new one. Every run that pinned the former ends.
 * @throws credential.missing, access.denied, team.missing, credential.malformed, upstream.unsafe;
 *   connection.refused-by-harness when a harness that uses it could not use the new one
 */
export async function replace(
  scope: TeamScope,
  { credentialId, secret: pasted, models }: ById & { secret: Secret; models?: string | undefined },
): Promise<{ version: number; verdict: Verdict }> {
  const credential = await demandChangeable(scope, { credentialId })
  if (pasted.kind !== credential.kind)
    throw new DomainError('credential.malformed', { field: 'kind', problem: 'other-kind', kind: credential.kind })
  const judged = judgeForAny(offeredHere(), pasted)
  for (const { harness: id } of credential.configurations) {
    const harness = findHarness(id)
    if (judged.ok && harness && !fit(harness, judged.credential))
      throw new DomainError('connection.refused-by-harness', { harness: id, kind: pasted.kind })
  }
  const { secret, verdict } = await storable(judged, models)
  await demandChangeable(await enterTeamAgain(scope), { credentialId })
  const { teamId, name } = credential
  const entry = entryOf(scope, 'credential.replaced', { id: credentialId, teamId, name, providerName: ownerName(secret), verdict })
  const version = await replaceSecret({ id: credentialId, teamId, by: scope, secret }, entry)
  if (version === null) throw new DomainError('credential.missing')
  tellOf(scope, credential)
  return { version, verdict }
}

/** @throws credential.missing, access.denied; credential.in-use while a configuration uses it */
export async function remove(scope: TeamScope, byId: ById): Promise<void> {
  const credential = await demandChangeable(scope, byId)
  const { id, teamId, name, kind } = credential
  const deleted = await deleteCredential(id, entryOf(scope, 'credential.deleted', { id, teamId, name, kind }))
  if (deleted === 'missing') throw new DomainError('credential.missing')
  if (deleted !== 'deleted') throw new DomainError('credential.in-use', { count: deleted.usedBy.length })
  tellOf(scope, credential)
}

/** What the proxy would refuse at every call is refused now; what its provider refuses is told. */
async function storable(judged: JudgedSecret, models: string | undefined): Promise<{ secret: StoredSecret; verdict: Verdict }> {
  if (!judged.ok) throw new DomainError(judged.code, judged.facts)
  const { credential, material } = judged
  if (credential.baseUrl) await checkUpstreamUrl(credential.baseUrl)
  const loginFacts = factsOfSecret(credential, material)
  const answer = await judgeForSome(credential, material)
  const isCustom = credential.provider === CUSTOM_PROVIDER
  const secret: StoredSecret = {
    ...credential,
    ...columnsOf(answer, credential.kind),
    models: isCustom ? (models === undefined ? undefined : modelList(models)) : [],
    lastFour: credential.kind === 'api-key' && material.length >= 16 ? material.slice(-4) : '',
    fingerprint: vault().fingerprint(material),
    loginFacts,
    seal: (row) => sealSecret(row, material),
  }
  return { secret, verdict: answer.verdict }
}

/** It is asked about at its provider or vendor, whichever harness it is for. */
async function judgeForSome(credential: Parameters<typeof judgeSecretOf>[1], material: string): Promise<Answer> {
  const harness = offeredHere().find((each) => fit(each, credential))
  return harness ? judgeSecretOf(harness, credential, material) : { verdict: 'unfitting', code: 'connection.refused-by-harness' }
}

/** `teamId` is the row's own: what concerns the instance is in no team's log. */
type Told = {
  id: string
  teamId: string | null
  name: string
  formerName?: string
  providerName?: string
  kind?: string
  verdict?: Verdict
}

const entryOf = (
  scope: TeamScope,
  act: NewAuditEntry['act'],
  { id, teamId, name, formerName, providerName, kind, verdict }: Told,
): NewAuditEntry => ({
  teamId,
  actorId: scope.userId,
  act,
  subject: { kind: 'credential', id },
  facts: Object.fromEntries(
    Object.entries({ credentialName: name, formerName, providerName, kind, verdict }).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value]],
    ),
  ),
})

/** The lists of whoever may run on it. */
export const tellOf = (scope: TeamScope, { teamId }: { teamId: string | null }): void =>
  tellChanged(scope, teamId === null ? 'platform' : 'user')
