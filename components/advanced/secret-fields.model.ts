/** What the form of a bare secret holds, and what of it is sent. Typed things stay when the kind changes. */
import { acceptance, keyDialects } from '#core/harnesses/harness.ts'
import { findHarness } from '#core/harnesses/registry.ts'
import { isProxied } from '#core/links/proxy-routes.ts'
import { CUSTOM_PROVIDER, providers } from '#core/providers/presets.ts'
import type { Inputs } from '#components/trpc/trpc.ts'

export type Secret = Inputs['credentials']['create']['secret']
export type Kind = Secret['kind']

export type SecretText = {
  kind: Kind
  provider: string
  key: string
  baseUrl: string
  dialect: string
  models: string
  format: string
  file: string
  fileName: string | null
  issuer: string
  token: string
}

/** What one of the offered harnesses takes: of each kind the sorts, with the names of those harnesses. */
export type Sorts = {
  providers: { value: string; label: string }[]
  dialects: string[]
  formats: { value: string; label: string; path: string }[]
  issuers: { value: string; label: string }[]
}

export function sortsOf(offered: readonly string[]): Sorts {
  const harnesses = offered.flatMap((id) => findHarness(id) ?? [])
  const dialects = [...new Set(harnesses.flatMap(keyDialects))]
  const speaking = providers.filter(({ endpoints }) => endpoints.some(({ dialect }) => isProxied(dialect) && dialects.includes(dialect)))
  return {
    providers: [
      ...speaking.map(({ id, name }) => ({ value: id, label: name })),
      { value: CUSTOM_PROVIDER, label: 'Custom (your own server)' },
    ],
    dialects,
    formats: harnesses.flatMap((harness) =>
      acceptance(harness, 'auth-file').map(({ format, path }) => ({ value: format, label: harness.name, path })),
    ),
    issuers: harnesses.flatMap((harness) =>
      acceptance(harness, 'oauth-token').map(({ issuer }) => ({ value: issuer, label: harness.name })),
    ),
  }
}

export const emptySecret = ({ providers: [provider], dialects: [dialect], formats: [format], issuers: [issuer] }: Sorts): SecretText => ({
  kind: 'api-key',
  provider: provider?.value ?? CUSTOM_PROVIDER,
  key: '',
  baseUrl: '',
  dialect: dialect ?? '',
  models: '',
  format: format?.value ?? '',
  file: '',
  fileName: null,
  issuer: issuer?.value ?? '',
  token: '',
})

/** The same sort as what it replaces, empty. */
export const emptyLike = (
  sorts: Sorts,
  {
    kind,
    provider,
    baseUrl,
    dialect,
    models,
    format,
    issuer,
  }: { kind: Kind } & Record<'provider' | 'baseUrl' | 'dialect' | 'format' | 'issuer', string | null> & { models: string[] },
): SecretText => {
  const empty = emptySecret(sorts)
  return {
    ...empty,
    kind,
    provider: provider ?? empty.provider,
    baseUrl: baseUrl ?? '',
    dialect: dialect ?? empty.dialect,
    models: models.join(', '),
    format: format ?? empty.format,
    issuer: issuer ?? empty.issuer,
  }
}

/** Whether there is enough to send; whether it is right, the server says. */
export function isComplete({ kind, key, provider, baseUrl, file, token }: SecretText): boolean {
  if (kind === 'api-key') return key.trim() !== '' && (provider !== CUSTOM_PROVIDER || baseUrl.trim() !== '')
  return kind === 'auth-file' ? file.trim() !== '' : token.trim() !== ''
}

export function secretOf(text: SecretText): { secret: Secret; models?: string } {
  switch (text.kind) {
    case 'api-key': {
      if (text.provider !== CUSTOM_PROVIDER) return { secret: { kind: 'api-key', provider: text.provider, key: text.key.trim() } }
      const dialect = text.dialect as 'openai-chat'
      return {
        secret: { kind: 'api-key', provider: CUSTOM_PROVIDER, key: text.key.trim(), baseUrl: text.baseUrl.trim(), dialect },
        ...(text.models.trim() && { models: text.models.trim() }),
      }
    }
    case 'auth-file':
      return { secret: { kind: 'auth-file', format: text.format, contents: text.file } }
    case 'oauth-token':
      return { secret: { kind: 'oauth-token', issuer: text.issuer, token: text.token.trim() } }
  }
}
