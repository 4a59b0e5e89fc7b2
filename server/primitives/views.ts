/** What people see of a primitive: plain data, and nothing in its type that could hold a secret. From: the three services. */
import type { CredentialKind, Scope, Settings } from '#core/connections/connection.ts'
import { fit } from '#core/connections/connection.ts'
import { isFailureCode, type FailureCode } from '#core/errors.ts'
import { findHarness } from '#core/harnesses/registry.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { isOver, isReadable, ownerName } from '#server/connections/resolver.ts'
import { FORMER_MEMBER } from '#server/connections/offer.ts'
import { mayChangeConfiguration, mayChangeCredential, mayDetach } from '#server/primitives/rights.ts'
import type { AttachmentNode, ConfigurationNode, CredentialNode } from '#server/primitives/store.ts'

export type CredentialView = {
  credentialId: string
  name: string
  kind: CredentialKind
  provider: string | null
  providerName: string
  format: string | null
  issuer: string | null
  baseUrl: string | null
  dialect: string | null
  models: string[]
  lastFour: string
  fingerprint: string
  version: number
  /** Of the instance, or of the person who pasted what is in it. */
  owner: 'platform' | 'user'
  ownerName: string
  isMine: boolean
  /** Stays when its last attachment goes. */
  isKept: boolean
  /** Why nothing can run on it, whatever the harness. */
  code: FailureCode | null
  configurationIds: string[]
  /** In all teams; some of these may not be the caller's to see. */
  attachmentCount: number
  mayChange: boolean
  createdAt: string
  replacedAt: string | null
  lastUsedAt: string | null
}

export type ConfigurationView = {
  configurationId: string
  harness: string
  harnessName: string
  credentialId: string
  credentialName: string
  settings: Settings
  isKept: boolean
  /** Why the harness cannot run on it. */
  code: FailureCode | null
  attachmentIds: string[]
  attachmentCount: number
  mayChange: boolean
  createdAt: string
}

export type AttachmentView = {
  attachmentId: string
  scope: Scope
  projectId: string | null
  projectName: string | null
  isProjectArchived: boolean
  userName: string | null
  /** Attached for the caller alone. */
  isOwn: boolean
  harness: string
  harnessName: string
  configurationId: string
  credentialId: string
  credentialName: string
  isEnabled: boolean
  code: FailureCode | null
  mayDetach: boolean
  createdByName: string
  createdAt: string
}

type Around = { scope: TeamScope; names: ReadonlyMap<string, string> }

const nameIn = (names: ReadonlyMap<string, string>, userId: string) => names.get(userId) ?? FORMER_MEMBER

/** A platform's credential may be used in teams that are not the caller's; those are counted and not shown. */
export const inTeam =
  ({ teamId }: TeamScope) =>
  (row: { teamId: string | null }): boolean =>
    row.teamId === null || row.teamId === teamId

/** All the people whom views of these credentials name. */
export const peopleOf = (credentials: readonly CredentialNode[]): string[] =>
  credentials.flatMap(({ createdBy, configurations }) => [
    createdBy,
    ...configurations.flatMap((each) => each.attachments.flatMap((place) => [place.createdBy, ...(place.userId ? [place.userId] : [])])),
  ])

export function whyUnusable(credential: CredentialNode): FailureCode | null {
  if (!isReadable(credential)) return 'connection.unreadable'
  if (isFailureCode(credential.brokenCode)) return credential.brokenCode
  return isOver(credential) ? 'login.expired' : null
}

function whyUnfit(configuration: ConfigurationNode, credential: CredentialNode): FailureCode | null {
  const harness = findHarness(configuration.harness)
  if (!harness) return 'harness.unknown'
  return fit(harness, credential) ? null : 'connection.refused-by-harness'
}

const harnessName = (id: string) => findHarness(id)?.name ?? id

export function describeCredential(credential: CredentialNode, { scope, names }: Around): CredentialView {
  const { id, name, kind, provider, format, issuer, baseUrl, dialect, models, lastFour, fingerprint, version, isKept } = credential
  return {
    credentialId: id,
    name,
    kind,
    provider,
    providerName: ownerName(credential),
    format,
    issuer,
    baseUrl,
    dialect,
    models,
    lastFour,
    fingerprint,
    version,
    owner: credential.teamId === null ? 'platform' : 'user',
    ownerName: nameIn(names, credential.createdBy),
    isMine: credential.createdBy === scope.userId,
    isKept,
    code: whyUnusable(credential),
    configurationIds: credential.configurations.filter(inTeam(scope)).map((each) => each.id),
    attachmentCount: credential.configurations.reduce((sum, each) => sum + each.attachments.length, 0),
    mayChange: mayChangeCredential(scope, credential),
    createdAt: credential.createdAt.toISOString(),
    replacedAt: credential.replacedAt?.toISOString() ?? null,
    lastUsedAt: credential.lastUsedAt?.toISOString() ?? null,
  }
}

export function describeConfiguration(configuration: ConfigurationNode, credential: CredentialNode, { scope }: Around): ConfigurationView {
  return {
    configurationId: configuration.id,
    harness: configuration.harness,
    harnessName: harnessName(configuration.harness),
    credentialId: credential.id,
    credentialName: credential.name,
    settings: configuration.settings,
    isKept: configuration.isKept,
    code: whyUnusable(credential) ?? whyUnfit(configuration, credential),
    attachmentIds: configuration.attachments.filter(inTeam(scope)).map((each) => each.id),
    attachmentCount: configuration.attachments.length,
    mayChange: mayChangeConfiguration(scope, configuration, credential),
    createdAt: configuration.createdAt.toISOString(),
  }
}

type Placed = { place: AttachmentNode; configuration: ConfigurationNode; credential: CredentialNode }

export function describeAttachment({ place, configuration, credential }: Placed, { scope, names }: Around): AttachmentView {
  return {
    attachmentId: place.id,
    scope: place.scope,
    projectId: place.projectId,
    projectName: place.project?.name ?? null,
    isProjectArchived: place.project?.archivedAt != null,
    isOwn: place.scope === 'user' && place.userId === scope.userId,
    userName: place.userId === null ? null : nameIn(names, place.userId),
    harness: place.harness,
    harnessName: harnessName(place.harness),
    configurationId: configuration.id,
    credentialId: credential.id,
    credentialName: credential.name,
    isEnabled: place.isEnabled,
    code: place.isEnabled ? (whyUnusable(credential) ?? whyUnfit(configuration, credential)) : 'connection.disabled',
    mayDetach: mayDetach(scope, place, credential),
    createdByName: nameIn(names, place.createdBy),
    createdAt: place.createdAt.toISOString(),
  }
}
