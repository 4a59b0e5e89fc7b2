/**
 * What people do with connections: see, connect, enable, disconnect, ask why.
 * Nothing that leaves here has a secret in its type.
 * Next: `core/connections/resolve.ts` for the choice, `store.ts` for the rows.
 */
import type { Scope, Settings } from '#core/connections/connection.ts'
import { resolve, type Verdict } from '#core/connections/resolve.ts'
import { judgeSecret, modelList, type ConnectionSettings, type Secret } from '#core/connections/secret.ts'
import { DomainError, type FailureCode } from '#core/errors.ts'
import { findHarness, offeredHarnesses } from '#core/harnesses/registry.ts'
import type { Harness } from '#core/harnesses/harness.ts'
import { AttachmentId } from '#core/ids.ts'
import { CUSTOM_PROVIDER } from '#core/providers/presets.ts'
import { enterProject, type TeamScope } from '#server/access/scope.ts'
import { env } from '#server/env.ts'
import { describeHarness } from '#server/connections/accepts.ts'
import { describeAttachment, describeResolution, type ConnectionRow } from '#server/connections/connection-view.ts'
import { checkKey } from '#server/connections/key-check.ts'
import { keyCheckOf, markBroken, markWorking, ownerName, sealSecret, toAttachment } from '#server/connections/resolver.ts'
import * as store from '#server/connections/store.ts'
import type { AttachmentRow } from '#server/connections/store.ts'
import { checkUpstreamUrl } from '#server/proxy/upstream-guard.ts'
import { hintList } from '#server/realtime/bus.ts'
import { vault } from '#server/connections/vault.ts'

export const offeredHere = () => offeredHarnesses({ isTesting: env().isTesting })

/** @throws harness.unknown for one that is not offered here */
export function demandHarness(id: string): Harness {
  const harness = findHarness(id)
  if (!harness || !offeredHere().includes(harness)) throw new DomainError('harness.unknown', { harness: id })
  return harness
}

export const FORMER_MEMBER = 'A former member'

type InProject = { projectId?: string | undefined }

/** The project is proven before its connections are read. */
async function reachOf(scope: TeamScope, projectId: string | undefined): Promise<store.Reach> {
  if (projectId !== undefined) await enterProject(scope, { act: 'read', projectId })
  return { teamId: scope.teamId, userId: scope.userId, projectId: projectId ?? null }
}

/** One row per harness, whether connected or not. */
export async function listConnections(scope: TeamScope, { projectId }: InProject): Promise<ConnectionRow[]> {
  const rows = await store.findReachable(await reachOf(scope, projectId))
  const names = await store.findUserNames(rows.map((row) => row.createdBy))
  return offeredHere().map((harness) => {
    const own = rows.filter((row) => row.harness === harness.id)
    return {
      harness: harness.id,
      name: harness.name,
      resolution: describeResolution(resolve(own.map(toAttachment), harness), own),
      attachments: own.map((row) => describeAttachment(row, { harness, scope, createdByName: names.get(row.createdBy) ?? FORMER_MEMBER })),
      accepts: describeHarness(harness),
    }
  })
}

export type ConnectInput = InProject & { harness: string; scope: Scope; secret: Secret; settings?: ConnectionSettings | undefined }

/**
 * Attaches a credential, in the place of what the same harness had in the same scope.
 * @throws access.denied, harness.unknown, credential.malformed, connection.refused-by-harness, upstream.unsafe, request.invalid
 */
export async function connect(scope: TeamScope, input: ConnectInput): Promise<{ connectionId: AttachmentId }> {
  const harness = demandHarness(input.harness)
  const projectId = await demandPlace(scope, input)
  const judged = judgeSecret(harness, input.secret)
  if (!judged.ok) throw new DomainError(judged.code, judged.facts)
  const { credential, material } = judged
  // What the proxy would refuse at every call is refused now.
  if (credential.baseUrl) await checkUpstreamUrl(credential.baseUrl)
  const { models = '', ...settings } = input.settings ?? {}
  if (settings.mode && !harness.modes.some((mode) => mode.id === settings.mode)) {
    throw new DomainError('request.invalid', { field: 'settings.mode', choices: harness.modes.map((mode) => mode.id) })
  }
  const connectionId = await store.replaceAttachment({
    teamId: scope.teamId,
    userId: scope.userId,
    projectId,
    scope: input.scope,
    harness: harness.id,
    settings: Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Settings,
    credential: {
      ...credential,
      name: nameOf(credential),
      models: credential.provider === CUSTOM_PROVIDER ? modelList(models) : [],
      lastFour: credential.kind === 'api-key' && material.length >= 16 ? material.slice(-4) : '',
      fingerprint: vault().fingerprint(material),
    },
    seal: (row) => sealSecret(row, material),
  })
  tellChanged(scope, input.scope)
  return { connectionId: AttachmentId.parse(connectionId) }
}

/** Lists that show connections are read again. */
export const tellChanged = ({ teamId }: TeamScope, place: Scope): void =>
  hintList({ teamId: place === 'platform' ? null : teamId, topic: 'connections' })

const nameOf = (credential: Parameters<typeof ownerName>[0]) =>
  ({
    'api-key': `${ownerName(credential)} key`,
    'auth-file': ownerName(credential),
    'oauth-token': `${ownerName(credential)} subscription`,
  })[credential.kind]

/** Who may attach here: a project's maintainers, a person for themselves, the instance owner. */
async function demandPlace(scope: TeamScope, { scope: place, projectId }: { scope: Scope } & InProject): Promise<string | null> {
  switch (place) {
    case 'project':
      if (projectId === undefined) throw new DomainError('request.invalid', { field: 'projectId' })
      return (await enterProject(scope, { act: 'manage', projectId })).projectId
    case 'user':
      if (scope.role === 'viewer') throw new DomainError('access.denied')
      return null
    case 'platform':
      if (!scope.isInstanceOwner) throw new DomainError('access.denied')
      return null
  }
}

/** The attachment, if the caller may change it. Somebody else's personal one is unknown to all but admins, who may remove it. */
async function demandOwn(scope: TeamScope, connectionId: string, { isRemoval }: { isRemoval: boolean }): Promise<AttachmentRow> {
  const row = await store.findAttachment(scope.teamId, connectionId)
  const missing = new DomainError('connection.missing')
  if (!row) throw missing
  if (row.scope === 'user') {
    if (row.userId !== scope.userId && !(isRemoval && scope.role === 'admin')) throw missing
    return row
  }
  await demandPlace(scope, { scope: row.scope, projectId: row.projectId ?? undefined })
  return row
}

export type Validation = { state: 'working' | 'unverified' | 'refused' | 'not-checked'; code: FailureCode | null }

/**
 * Asks the provider about the key, and remembers its word. A native login is not asked
 * about: that would spend its refresh token behind its owner's back.
 */
export async function validate(scope: TeamScope, { connectionId }: { connectionId: string }): Promise<Validation> {
  const { credential } = await demandOwn(scope, connectionId, { isRemoval: false })
  const check = keyCheckOf(credential)
  if (check === 'unreadable') return { state: 'refused', code: 'connection.unreadable' }
  if (check === null) return { state: 'not-checked', code: null }
  const verdict = await checkKey(check)
  if (verdict.is === 'working') await markWorking(credential.id, credential.version)
  if (verdict.is !== 'refused') return { state: verdict.is, code: null }
  if (verdict.code === 'provider.refused-key') await markBroken(credential.id, credential.version, verdict.code)
  return { state: 'refused', code: verdict.code }
}

export async function setEnabled(
  scope: TeamScope,
  { connectionId, isEnabled }: { connectionId: string; isEnabled: boolean },
): Promise<void> {
  const row = await demandOwn(scope, connectionId, { isRemoval: false })
  if (!(await store.updateEnabled(row.id, isEnabled))) throw new DomainError('connection.missing')
  tellChanged(scope, row.scope)
}

/** Destroys the credential, unless another connection uses it. `stops`: the caller's team's chats that were working on it. */
export async function disconnect(
  scope: TeamScope,
  { connectionId }: { connectionId: string },
): Promise<{ stops: { chatId: string; title: string }[] }> {
  const row = await demandOwn(scope, connectionId, { isRemoval: true })
  return detach(scope, row)
}

/** For whoever has proved that they may. @throws connection.missing when somebody else was first */
export async function detach(scope: TeamScope, row: AttachmentRow): Promise<{ stops: { chatId: string; title: string }[] }> {
  const stops = await store.findChatsOnCredential(scope.teamId, row.credential.id)
  if (!(await store.deleteAttachment(row.id))) throw new DomainError('connection.missing')
  tellChanged(scope, row.scope)
  return { stops }
}

export type Explanation = {
  resolution: ConnectionRow['resolution']
  trace: { scope: Scope; verdict: Verdict; credentialName: string | null }[]
}

/** Why this one: each scope that was asked, in order, and what it said. */
export async function explain(scope: TeamScope, { harness: id, projectId }: InProject & { harness: string }): Promise<Explanation> {
  const harness = demandHarness(id)
  const rows = await store.findReachable(await reachOf(scope, projectId), harness.id)
  const resolution = resolve(rows.map(toAttachment), harness)
  return {
    resolution: describeResolution(resolution, rows),
    trace: resolution.trace.map((step) => ({
      ...step,
      credentialName: rows.find((row) => row.scope === step.scope)?.credential.name ?? null,
    })),
  }
}
