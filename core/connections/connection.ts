/**
 * A person's words for "this harness can work here": a credential, bound with settings
 * to one of three scopes. Nothing in this file can hold a secret; those cross it only
 * inwards, as the `Secret` of a connect call.
 * Next: `resolve.ts` decides which connection holds, `launch.ts` what the harness gets.
 */
import { z } from 'zod'
import type { FailureCode } from '#core/errors.ts'
import type { Acceptance, Harness } from '#core/harnesses/harness.ts'
import { acceptance, keyDialects, speaks } from '#core/harnesses/harness.ts'
import { isProxied, type ProxiedDialect } from '#core/links/proxy-routes.ts'
import { usualAuthHeader, type Dialect } from '#core/providers/dialects.ts'
import { CUSTOM_PROVIDER, presetById } from '#core/providers/presets.ts'
import { normalBaseUrl, type Endpoint } from '#core/providers/provider.ts'

/** Nearest first: what is found nearer hides what is further away. */
export const scopes = ['project', 'user', 'platform'] as const
export const Scope = z.enum(scopes)
export type Scope = z.infer<typeof Scope>

export type CredentialKind = Acceptance['kind']

/** What is known of a credential without opening it. */
export type Credential = {
  credentialId: string
  /** Counts replacements; a run pins it. */
  version: number
  name: string
  kind: CredentialKind
  /** Of an api-key: a preset's id or `custom`. */
  provider: string | null
  /** Of an auth-file. */
  format: string | null
  /** Of an oauth-token. */
  issuer: string | null
  /** Of a custom provider, as it was typed. */
  baseUrl: string | null
  dialect: Dialect | null
  /** Of a custom provider: upstream ids it was connected with; empty means those of its dialect's vendor. */
  models: readonly string[]
  /** False when the master key does not open it. */
  isReadable: boolean
  /** Why the provider refused it, or what became of a login, until it is replaced or validated. */
  brokenCode: FailureCode | null
  /** A login whose own file says that it is over, and that nothing renews. */
  isExpired: boolean
}

export type Settings = Readonly<Record<string, string>>

/** Binds harness, credential and settings to a scope; at most one per harness and scope. */
export type Attachment = {
  connectionId: string
  scope: Scope
  harness: string
  isEnabled: boolean
  /** A personal API key on which its owner lets others prompt in the owner's chats. */
  isShared: boolean
  credential: Credential
  settings: Settings
}

/** How a credential would reach a harness. A union, so that no fit is both a proxy and a login. */
export type Fit =
  | ({ via: 'proxy'; provider: string; dialect: ProxiedDialect } & Omit<Endpoint, 'dialect'>)
  | { via: 'file'; format: string; serves: { provider: string; dialect: Dialect } | null }
  | { via: 'env'; issuer: string; serves: { provider: string; dialect: Dialect } | null }

type Shape = Pick<Credential, 'kind' | 'provider' | 'format' | 'issuer' | 'baseUrl' | 'dialect'>

/** Null when the harness cannot take it: wrong kind, a login of another program, no dialect in common. */
export function fit(harness: Harness, credential: Shape): Fit | null {
  switch (credential.kind) {
    case 'api-key':
      return fitKey(harness, credential)
    case 'auth-file': {
      const found = acceptance(harness, 'auth-file').find((each) => each.format === credential.format)
      return found ? { via: 'file', format: found.format, serves: found.serves } : null
    }
    case 'oauth-token': {
      const found = acceptance(harness, 'oauth-token').find((each) => each.issuer === credential.issuer)
      return found ? { via: 'env', issuer: found.issuer, serves: found.serves } : null
    }
  }
}

function fitKey(harness: Harness, { provider, baseUrl, dialect }: Shape): Fit | null {
  if (provider === CUSTOM_PROVIDER) {
    const spoken = dialect ?? keyDialects(harness)[0]
    if (!spoken || !isProxied(spoken) || !speaks(harness, spoken)) return null
    const base = baseUrl && normalBaseUrl(spoken, baseUrl)
    return base ? { via: 'proxy', provider, dialect: spoken, baseUrl: base, authHeader: usualAuthHeader[spoken] } : null
  }
  const preset = provider && presetById(provider)
  if (!preset) return null
  for (const endpoint of preset.endpoints) {
    if (dialect && endpoint.dialect !== dialect) continue
    if (!isProxied(endpoint.dialect) || !speaks(harness, endpoint.dialect)) continue
    return { ...endpoint, via: 'proxy', provider: preset.id, dialect: endpoint.dialect }
  }
  return null
}

/** Whether using it means seeing it: a prompt is a shell, so a native login is prompted by its owner only. */
export const isNativeLogin = (kind: CredentialKind): boolean => kind !== 'api-key'
