/**
 * What people see of a connection: plain data, and nothing in its type that could hold a
 * secret. Made by `service.ts` for lists and explanations.
 */
import type { CredentialKind, Scope, Settings } from '#core/connections/connection.ts'
import { judge, type Resolution } from '#core/connections/resolve.ts'
import { isFailureCode, type FailureCode } from '#core/errors.ts'
import type { Harness } from '#core/harnesses/harness.ts'
import type { TeamScope } from '#server/access/scope.ts'
import type { AcceptedSecret } from '#server/connections/accepts.ts'
import { ownerName, toAttachment } from '#server/connections/resolver.ts'
import type { AttachmentRow } from '#server/connections/store.ts'

export type AttachmentView = {
  connectionId: string
  scope: Scope
  isEnabled: boolean
  /** Why it cannot be used by itself, wherever it stands. */
  code: FailureCode | null
  isMine: boolean
  credential: {
    credentialId: string
    name: string
    kind: CredentialKind
    provider: string | null
    providerName: string
    baseUrl: string | null
    dialect: string | null
    lastFour: string
    fingerprint: string
    version: number
    /** What the provider said when it refused the key. */
    brokenCode: FailureCode | null
  }
  settings: Settings
  createdByName: string
  createdAt: string
  lastUsedAt: string | null
}

export type ConnectionRow = {
  harness: string
  name: string
  resolution: {
    state: 'active' | 'missing' | 'disabled' | 'broken'
    code: FailureCode | null
    scope: Scope | null
    connectionId: string | null
  }
  attachments: AttachmentView[]
  accepts: AcceptedSecret[]
}

export function describeResolution(resolution: Resolution, rows: readonly AttachmentRow[]): ConnectionRow['resolution'] {
  if (resolution.ok)
    return { state: 'active', code: null, scope: resolution.attachment.scope, connectionId: resolution.attachment.connectionId }
  if (resolution.code === 'connection.missing') return { state: 'missing', code: resolution.code, scope: null, connectionId: null }
  const scope = resolution.trace.at(-1)!.scope
  return {
    state: resolution.code === 'connection.disabled' ? 'disabled' : 'broken',
    code: resolution.code,
    scope,
    connectionId: rows.find((row) => row.scope === scope)?.id ?? null,
  }
}

type Around = { harness: Harness; scope: TeamScope; createdByName: string }

export function describeAttachment(row: AttachmentRow, { harness, scope, createdByName }: Around): AttachmentView {
  const { credential } = row
  const { name, kind, provider, baseUrl, dialect, lastFour, fingerprint, version, models } = credential
  const judged = judge(toAttachment(row), harness)
  return {
    connectionId: row.id,
    scope: row.scope,
    isEnabled: row.isEnabled,
    code: typeof judged === 'string' ? judged : null,
    isMine: row.createdBy === scope.userId,
    credential: {
      credentialId: credential.id,
      name,
      kind,
      provider,
      providerName: ownerName(credential),
      baseUrl,
      dialect,
      lastFour,
      fingerprint,
      version,
      brokenCode: isFailureCode(credential.brokenCode) ? credential.brokenCode : null,
    },
    settings: models.length > 0 ? { ...row.settings, models: models.join(', ') } : row.settings,
    createdByName,
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: credential.lastUsedAt?.toISOString() ?? null,
  }
}
