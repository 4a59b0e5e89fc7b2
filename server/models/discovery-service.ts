/**
 * What providers serve, asked live: of a server of one's own before it is connected, and of every provider that somebody
 * in the team may reach. What they say is kept with its time; it allows nothing by itself.
 * From: `router.ts`. Next: `listing.ts`, which asks; `listing-store.ts`, which keeps.
 */
import { DomainError, type FailureCode } from '#core/errors.ts'
import { usualAuthHeader, type Dialect } from '#core/providers/dialects.ts'
import { normalBaseUrl } from '#core/providers/provider.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { keysInReach, type ReachableKey } from '#server/connections/keys.ts'
import type { ListedModel } from '#server/models/listing-store.ts'
import { writeListing } from '#server/models/listing-store.ts'
import { askForModels, type Listed } from '#server/models/listing.ts'
import { checkUpstreamUrl } from '#server/proxy/upstream-guard.ts'
import { hintList } from '#server/realtime/bus.ts'

export type Unconnected = { baseUrl: string; dialect: Dialect; key: string }

/**
 * What a server would offer, for the person who is about to connect it and chooses among that. Keeps nothing.
 * @throws upstream.unsafe, credential.malformed; provider.… when it does not answer
 */
export async function previewModels({ baseUrl, dialect, key }: Unconnected): Promise<{ models: ListedModel[] }> {
  const base = normalBaseUrl(dialect, baseUrl)
  if (!base) throw new DomainError('credential.malformed', { field: 'baseUrl', problem: 'not-a-url' })
  await checkUpstreamUrl(base)
  const listed = await askForModels({ endpoint: { dialect, baseUrl: base, authHeader: usualAuthHeader[dialect] }, key: key.trim() })
  if (!listed.ok) throw new DomainError(listed.code, { provider: 'custom' })
  return { models: listed.models }
}

/** More than a team has, and few enough to be asked side by side. */
const MAX_KEYS = 30

export type Asked = { credentialId: string; providerName: string; code: FailureCode | null; count: number }

/** With every key in reach, or with one: what a provider lists may differ from account to account. @throws credential.missing */
export async function discoverModels(scope: TeamScope, { credentialId }: { credentialId?: string | undefined }): Promise<Asked[]> {
  const keys = await keysInReach(scope)
  const asked = keys.filter((each) => credentialId === undefined || each.credentialId === credentialId)
  if (credentialId !== undefined && asked.length === 0) throw new DomainError('credential.missing')
  const found = await Promise.all(asked.slice(0, MAX_KEYS).map(ask))
  hintList({ teamId: scope.teamId, topic: 'models' })
  return found
}

async function ask(reachable: ReachableKey): Promise<Asked> {
  const { credentialId, providerName, endpoint } = reachable
  const key = reachable.open()
  const listed: Listed = key === null ? { ok: false, code: 'connection.unreadable' } : await askForModels({ endpoint, key })
  await writeListing(reachable, listed)
  return { credentialId, providerName, code: listed.ok ? null : listed.code, count: listed.ok ? listed.models.length : 0 }
}
