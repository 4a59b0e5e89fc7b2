/**
 * Which credential a chat runs on, for the parts that work without a person at hand:
 * the dispatcher when it grants a run, the proxy at each request.
 * The choice itself is pure (`core/connections/resolve.ts`); this adds the rows and the vault.
 */
import { isNativeLogin, type Attachment, type Scope, type Settings } from '#core/connections/connection.ts'
import { isExpired, LoginFacts } from '#core/connections/login-facts.ts'
import { loginName } from '#core/connections/login-names.ts'
import { resolve, type ConnectionFailure, type Resolution, type Step } from '#core/connections/resolve.ts'
import { isFailureCode, type FailureCode, type FailureFacts } from '#core/errors.ts'
import type { Harness } from '#core/harnesses/harness.ts'
import { findHarness } from '#core/harnesses/registry.ts'
import { CredentialId } from '#core/ids.ts'
import type { DeliveryGrant } from '#core/links/daemon.ts'
import { modelsFor, type ModelQuery } from '#core/models/catalog.ts'
import { usualAuthHeader } from '#core/providers/dialects.ts'
import { CUSTOM_PROVIDER, presetById, providerName, serverOf } from '#core/providers/presets.ts'
import { normalBaseUrl, type Endpoint } from '#core/providers/provider.ts'
import { findCredential, findReachable, type AttachmentRow, type CredentialRow, type Reach } from '#server/connections/store.ts'
import { updateBroken, updateLastError, updateUsed } from '#server/connections/verdict-store.ts'
import { vault } from '#server/connections/vault.ts'
import { listedBy, rulesFor } from '#server/models/rules.ts'

export const placeOf = ({ id, teamId }: { id: string; teamId: string | null }) => ({
  table: 'credential',
  rowId: id,
  teamId,
  field: 'sealed',
})

/** For whoever is about to use it, within the server. */
export const openSecret = (row: Pick<CredentialRow, 'id' | 'teamId' | 'sealed' | 'masterVersion'>) => vault().open(placeOf(row), row)

/** Whether the master key opens it. */
export const isReadable = (row: CredentialRow): boolean => openSecret(row).is === 'open'

export const sealSecret = (row: { id: string; teamId: string | null }, material: string) => vault().seal(placeOf(row), material)

/** What the resolver may know of a row: everything but the secret, and whether that can be read. */
export function toAttachment({ id, scope, harness, isEnabled, isShared, settings, credential }: AttachmentRow): Attachment {
  const { id: credentialId, brokenCode, version, name, kind, provider, format, issuer, baseUrl, dialect, models } = credential
  return {
    connectionId: id,
    scope,
    harness,
    isEnabled,
    isShared,
    settings,
    credential: {
      credentialId,
      version,
      name,
      kind,
      provider,
      format,
      issuer,
      baseUrl,
      dialect,
      models,
      isReadable: isReadable(credential),
      brokenCode: isFailureCode(brokenCode) ? brokenCode : null,
      isExpired: isOver(credential),
    },
  }
}

/** By what its file says: nobody has to be asked about that. */
export function isOver({ kind, loginFacts }: CredentialRow): boolean {
  const facts = isNativeLogin(kind) ? LoginFacts.safeParse(loginFacts).data : undefined
  return facts !== undefined && isExpired(facts, Date.now())
}

/** What an audit entry says of a connection. */
export const connectionFacts = ({
  harness,
  scope,
  projectId,
  userId,
  credential,
}: Pick<AttachmentRow, 'harness' | 'scope' | 'projectId' | 'userId'> & { credential: Named }) => ({
  harness,
  scope,
  projectId,
  ownerId: userId,
  credentialName: credential.name,
  providerName: ownerName(credential),
})
type Named = Pick<CredentialRow, 'name'> & Parameters<typeof ownerName>[0]

/** A chat's payer is its creator, whoever prompts. `userId` is that creator. */
export type ChatPlace = Readonly<{ teamId: string; projectId: string; userId: string; harness: string }>

/** Who pays, as people may see it. */
export type Payer = {
  scope: Scope
  credentialName: string
  providerName: string
  kind: Attachment['credential']['kind']
  /** A personal key on which its owner lets others prompt. */
  isShared: boolean
}

const payerOf = ({ scope, isShared, credential }: Attachment): Payer => ({
  scope,
  credentialName: credential.name,
  providerName: ownerName(credential),
  kind: credential.kind,
  // A login shows itself to whoever prompts: it is never shared, whatever its row says.
  isShared: isShared && scope === 'user' && !isNativeLogin(credential.kind),
})

export type ChatResolution =
  | {
      ok: true
      connectionId: string
      credentialId: CredentialId
      credentialVersion: number
      payer: Payer
      /** Whose login it is, when it is one: using it means seeing it, in whatever scope it stands. */
      loginOf: string | null
      trace: Step[]
    }
  | { ok: false; code: ConnectionFailure | 'harness.unknown'; facts: FailureFacts; trace: Step[] }

async function resolveRows(reach: Reach, harness: Harness): Promise<{ resolution: Resolution; rows: AttachmentRow[] }> {
  const rows = await findReachable(reach, harness.id)
  return { rows, resolution: resolve(rows.map(toAttachment), harness) }
}

/** Null for an unknown harness. */
export async function resolveFor(reach: Reach, harnessId: string): Promise<{ harness: Harness; resolution: Resolution } | null> {
  const harness = findHarness(harnessId)
  return harness && { harness, resolution: (await resolveRows(reach, harness)).resolution }
}

/** Who would pay for a prompt in this chat now, or why nobody can. Opens no secret for the caller. */
export async function resolveForChat(place: ChatPlace): Promise<ChatResolution> {
  const harness = findHarness(place.harness)
  if (!harness) return { ok: false, code: 'harness.unknown', facts: { harness: place.harness }, trace: [] }
  const { resolution, rows } = await resolveRows(place, harness)
  if (!resolution.ok) return { ok: false, code: resolution.code, facts: factsOf(harness, resolution.trace), trace: resolution.trace }
  const { connectionId, credential } = resolution.attachment
  return {
    ok: true,
    connectionId,
    credentialId: CredentialId.parse(credential.credentialId),
    credentialVersion: credential.version,
    payer: payerOf(resolution.attachment),
    loginOf: isNativeLogin(credential.kind) ? rows.find((row) => row.id === connectionId)!.credential.createdBy : null,
    trace: resolution.trace,
  }
}

const factsOf = (harness: Harness, trace: readonly Step[]): FailureFacts => {
  const last = trace.at(-1)
  return { harness: harness.id, scope: last && last.verdict !== 'inherit' ? last.scope : null }
}

/** The company behind a credential, as people know it. */
export function ownerName({
  kind,
  provider,
  issuer,
  format,
  baseUrl,
}: Pick<CredentialRow, 'kind' | 'provider' | 'issuer' | 'format' | 'baseUrl'>): string {
  if (kind === 'api-key') return providerName(provider ?? CUSTOM_PROVIDER, baseUrl)
  return kind === 'oauth-token' ? providerName(issuer ?? '') : `${loginName(format ?? '')} login`
}

/** The part of the catalog that an attachment opens to a team; null for a login whose models we do not know. */
export async function modelQueryOf(
  teamId: string,
  harness: Harness,
  { attachment, fit }: Extract<Resolution, { ok: true }>,
): Promise<ModelQuery | null> {
  const served = fit.via === 'proxy' ? fit : fit.serves
  if (!served) return null
  const [rules, own] = await Promise.all([rulesFor(teamId), ownCatalogOf(attachment.credential)])
  return { harness, provider: served.provider, dialect: served.dialect, scope: attachment.scope, rules, ...own }
}

/** What a credential itself says of the models behind it. */
type OwnCatalog = { server: string | null; customModels: readonly string[]; listed: readonly string[] | null }

async function ownCatalogOf({
  credentialId,
  version,
  provider,
  baseUrl,
  models,
}: Pick<Attachment['credential'], 'credentialId' | 'version' | 'provider' | 'baseUrl' | 'models'>): Promise<OwnCatalog> {
  // A choice by hand says more than a list.
  const isOpen = provider === CUSTOM_PROVIDER && models.length === 0
  return {
    server: serverOf(provider ?? '', baseUrl),
    customModels: models,
    listed: isOpen ? await listedBy({ credentialId, version }) : null,
  }
}

/** A delivery without the workspace token, which belongs to the run and is minted by whoever starts it. */
export type UntokenedDelivery = Omit<Extract<DeliveryGrant, { via: 'proxy' }>, 'wstoken'> | Exclude<DeliveryGrant, { via: 'proxy' }>

export type GrantedDelivery =
  | {
      ok: true
      credentialId: CredentialId
      credentialVersion: number
      payer: Payer
      settings: Settings
      delivery: UntokenedDelivery
    }
  | { ok: false; code: FailureCode; facts: FailureFacts }

/**
 * Everything that pins a run to its credential. Opens the secret of a native login, since
 * that one has to reach the workspace; an API key stays closed until the proxy asks.
 */
export async function grantDelivery(place: ChatPlace): Promise<GrantedDelivery> {
  const harness = findHarness(place.harness)
  if (!harness) return { ok: false, code: 'harness.unknown', facts: { harness: place.harness } }
  const { resolution, rows } = await resolveRows(place, harness)
  if (!resolution.ok) return { ok: false, code: resolution.code, facts: factsOf(harness, resolution.trace) }
  const { attachment, fit } = resolution
  const { credential, settings } = attachment
  const granted = {
    ok: true as const,
    credentialId: CredentialId.parse(credential.credentialId),
    credentialVersion: credential.version,
    payer: payerOf(attachment),
    settings,
  }
  if (fit.via === 'proxy') {
    const query = await modelQueryOf(place.teamId, harness, resolution)
    const models = query ? modelsFor(query) : []
    if (models.length === 0) return { ok: false, code: 'model.none', facts: { provider: fit.provider } }
    const offered = models.map(({ id, name, contextTokens, outputTokens }) => ({ id, name, contextTokens, outputTokens }))
    return { ...granted, delivery: { via: 'proxy', provider: fit.provider, dialect: fit.dialect, models: offered } }
  }
  const opened = openSecret(rows.find((row) => row.id === attachment.connectionId)!.credential)
  if (opened.is === 'unreadable') return { ok: false, code: 'connection.unreadable', facts: { harness: harness.id } }
  if (fit.via === 'file') return { ...granted, delivery: { via: 'file', format: fit.format, contents: opened.text } }
  return { ...granted, delivery: { via: 'env', issuer: fit.issuer, token: opened.text } }
}

export type OpenedCredential =
  | { is: 'open'; secret: string; provider: string; endpoints: readonly Endpoint[]; catalog: OwnCatalog }
  /** Replaced, disconnected or disabled since the run pinned it; or never an API key. */
  | { is: 'revoked' }
  | { is: 'unreadable' }

/** The API key behind a pinned credential, for the proxy alone. `endpoints` has one base URL per dialect of its provider. */
export async function openCredential({ credentialId, version }: { credentialId: string; version: number }): Promise<OpenedCredential> {
  const row = await findCredential(credentialId)
  if (!row || row.version !== version || !row.isEnabled || row.kind !== 'api-key' || row.provider === null) return { is: 'revoked' }
  const opened = openSecret(row)
  if (opened.is === 'unreadable') return opened
  const catalog = await ownCatalogOf({ ...row, credentialId })
  return { is: 'open', secret: opened.text, provider: row.provider, endpoints: endpointsOf(row), catalog }
}

/** One base URL per dialect; empty for what is no API key. */
export function endpointsOf({ provider, baseUrl, dialect }: Pick<CredentialRow, 'provider' | 'baseUrl' | 'dialect'>): readonly Endpoint[] {
  if (provider !== CUSTOM_PROVIDER) return presetById(provider ?? '')?.endpoints ?? []
  const base = dialect && baseUrl ? normalBaseUrl(dialect, baseUrl) : null
  return dialect && base ? [{ dialect, baseUrl: base, authHeader: usualAuthHeader[dialect] }] : []
}

/** The provider refused this key. Says so to everybody who would run on it, unless it was replaced meanwhile. */
export const markBroken = (credentialId: string, version: number, code: FailureCode): Promise<boolean> =>
  updateBroken(credentialId, version, code)

/** Something went wrong that leaves the credential usable; its row tells the last such failure. */
export const markFailed = (credentialId: string, version: number, code: FailureCode): Promise<void> =>
  updateLastError(credentialId, version, code)

export const markUsed = (credentialId: string): Promise<void> => updateUsed(credentialId)
