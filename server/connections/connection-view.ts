/**
 * What people see of a connection: plain data, and nothing in its type that could hold a
 * secret. Made by `service.ts` for lists and explanations.
 */
import { isNativeLogin, type CredentialKind, type Scope, type Settings } from '#core/connections/connection.ts'
import { LoginFacts } from '#core/connections/login-facts.ts'
import { judge, type Resolution } from '#core/connections/resolve.ts'
import { Verdict } from '#core/connections/verdict.ts'
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
    /** Stays when its last attachment goes. */
    isKept: boolean
    /** What the provider said when it refused the key. */
    brokenCode: FailureCode | null
  }
  settings: Settings
  /** Others may prompt on it in its owner's chats. */
  isShared: boolean
  /** What the last check found; null when there was none. */
  verdict: { is: Verdict; at: string } | null
  /** The last failure that anybody met with it, also when it was mended since. */
  lastError: { code: FailureCode; at: string } | null
  /** What a login says of itself; null for what is none, or one that says nothing. */
  login: LoginFacts | null
  /** When it ends for good; null where it does not say, or renews itself. */
  expiresAt: string | null
  /** The machine that has the newest of this login and has not handed it back since: other chats wait for that. */
  heldOn: { nodeName: string; since: string } | null
  /** Whether the caller may validate, replace, switch and disconnect it. */
  mayChange: boolean
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

type Around = {
  harness: Harness
  scope: TeamScope
  createdByName: string
  mayChange: boolean
  /** By credential (`server/logins`). */
  unreturned: ReadonlyMap<string, { nodeName: string; since: Date }>
}

export function describeAttachment(row: AttachmentRow, { harness, scope, createdByName, mayChange, unreturned }: Around): AttachmentView {
  const { credential } = row
  const { name, kind, provider, baseUrl, dialect, lastFour, fingerprint, version, models } = credential
  const login = loginOf(row, { mayChange })
  const judged = judge(toAttachment(row), harness)
  const held = unreturned.get(credential.id)
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
      isKept: credential.isKept,
      brokenCode: isFailureCode(credential.brokenCode) ? credential.brokenCode : null,
    },
    settings: models.length > 0 ? { ...row.settings, models: models.join(', ') } : row.settings,
    isShared: row.isShared,
    verdict: verdictOf(credential),
    lastError: lastErrorOf(credential),
    login,
    expiresAt: login && !login.canRefresh ? login.expiresAt : null,
    heldOn: held ? { nodeName: held.nodeName, since: held.since.toISOString() } : null,
    mayChange,
    createdByName,
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: credential.lastUsedAt?.toISOString() ?? null,
  }
}

/** Other teams use the platform's login and need not know whose account it is. */
function loginOf({ scope, credential }: AttachmentRow, { mayChange }: Pick<Around, 'mayChange'>): LoginFacts | null {
  const facts = isNativeLogin(credential.kind) ? LoginFacts.safeParse(credential.loginFacts).data : undefined
  if (!facts) return null
  return scope === 'platform' && !mayChange ? { ...facts, account: null, person: null, email: null } : facts
}

function verdictOf({ verdict, verdictAt }: AttachmentRow['credential']): AttachmentView['verdict'] {
  const is = Verdict.safeParse(verdict)
  return is.success && verdictAt ? { is: is.data, at: verdictAt.toISOString() } : null
}

const lastErrorOf = ({ lastErrorCode, lastErrorAt }: AttachmentRow['credential']): AttachmentView['lastError'] =>
  isFailureCode(lastErrorCode) && lastErrorAt ? { code: lastErrorCode, at: lastErrorAt.toISOString() } : null
