/**
 * What a person pastes: judged before it is stored, so that a key in the place of a
 * login, or one of another provider, is told apart here and not by a failing agent.
 * The material leaves this module only towards `server/connections/vault.ts`.
 */
import { z } from 'zod'
import { fit, type Credential } from '#core/connections/connection.ts'
import type { FailureCode, FailureFacts } from '#core/errors.ts'
import { keyDialects, type Harness } from '#core/harnesses/harness.ts'
import { Dialect } from '#core/providers/dialects.ts'
import { CUSTOM_PROVIDER, isKnownProvider } from '#core/providers/presets.ts'
import { normalBaseUrl } from '#core/providers/provider.ts'

const FILE_MAX = 256 * 1024

export const Secret = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('api-key'),
    provider: z.string().min(1).max(100),
    key: z.string().max(8_192),
    baseUrl: z.string().max(2_000).optional(),
    dialect: Dialect.optional(),
  }),
  z.object({ kind: z.literal('auth-file'), format: z.string().min(1).max(100), contents: z.string().max(FILE_MAX) }),
  z.object({ kind: z.literal('oauth-token'), issuer: z.string().min(1).max(100), token: z.string().max(8_192) }),
])
export type Secret = z.infer<typeof Secret>

type Described = Pick<Credential, 'kind' | 'provider' | 'format' | 'issuer' | 'baseUrl' | 'dialect'>
type Refusal = { ok: false; code: Extract<FailureCode, 'credential.malformed' | 'connection.refused-by-harness'>; facts: FailureFacts }
export type JudgedSecret = { ok: true; credential: Described; material: string } | Refusal

const nothing = { provider: null, format: null, issuer: null, baseUrl: null, dialect: null } as const

const malformed = (field: string, problem: string, facts: FailureFacts = {}): Refusal => ({
  ok: false,
  code: 'credential.malformed',
  facts: { field, problem, ...facts },
})

/** Whether a base URL may be dialled is another question, asked where there is a network: `server/proxy/upstream-guard.ts`. */
export function judgeSecret(harness: Harness, secret: Secret): JudgedSecret {
  const judged = judgeShape(harness, secret)
  if (!judged.ok || fit(harness, judged.credential)) return judged
  return {
    ok: false,
    code: 'connection.refused-by-harness',
    facts: { harness: harness.id, kind: secret.kind, ...(secret.kind === 'api-key' ? { provider: secret.provider } : {}) },
  }
}

function judgeShape(harness: Harness, secret: Secret): JudgedSecret {
  switch (secret.kind) {
    case 'api-key':
      return judgeKey(harness, secret)
    case 'auth-file':
      return judgeFile(secret)
    case 'oauth-token': {
      const token = secret.token.trim()
      const problem = problemOf(token, 8) ?? (token.startsWith('sk-ant-api') ? 'looks-like-api-key' : null)
      if (problem) return malformed('token', problem)
      return { ok: true, material: token, credential: { ...nothing, kind: 'oauth-token', issuer: secret.issuer } }
    }
  }
}

/** A key goes into a header: printable ASCII without spaces, or it would not arrive as it was pasted. */
function problemOf(text: string, minimum: number): 'empty' | 'spaces' | 'characters' | 'too-short' | null {
  if (text === '') return 'empty'
  if (/\s/.test(text)) return 'spaces'
  if (!/^[\x21-\x7e]+$/.test(text)) return 'characters'
  return text.length < minimum ? 'too-short' : null
}

/** Keys that say themselves whose they are. The longest prefix decides. */
const prefixes: readonly (readonly [prefix: string, owner: string])[] = [
  ['sk-ant-oat', 'oauth-token'],
  ['sk-ant-', 'anthropic'],
  ['sk-or-', 'openrouter'],
  ['sk-proj-', 'openai'],
  ['gsk_', 'groq'],
  ['AIza', 'google'],
]

function judgeKey(harness: Harness, secret: Extract<Secret, { kind: 'api-key' }>): JudgedSecret {
  const key = secret.key.trim()
  const isCustom = secret.provider === CUSTOM_PROVIDER
  if (!isKnownProvider(secret.provider)) return malformed('provider', 'unknown')
  // A server of one's own may take any word; a provider's key is never that short.
  const problem = problemOf(key, isCustom ? 1 : 8)
  if (problem) return malformed('key', problem)
  const owner = isCustom ? undefined : prefixes.find(([prefix]) => key.startsWith(prefix))?.[1]
  if (owner && owner !== secret.provider)
    return malformed('key', owner === 'oauth-token' ? 'looks-like-oauth-token' : 'other-provider', { owner })
  if (!isCustom) {
    if (secret.baseUrl) return malformed('baseUrl', 'only-custom')
    return {
      ok: true,
      material: key,
      credential: { ...nothing, kind: 'api-key', provider: secret.provider, dialect: secret.dialect ?? null },
    }
  }
  const dialect = secret.dialect ?? keyDialects(harness)[0] ?? null
  if (!dialect) return malformed('dialect', 'missing')
  const base = secret.baseUrl ? normalBaseUrl(dialect, secret.baseUrl) : null
  if (!base) return malformed('baseUrl', secret.baseUrl ? 'not-a-url' : 'missing')
  const baseUrl = secret.baseUrl!.trim().replace(/\/+$/, '')
  return { ok: true, material: key, credential: { ...nothing, kind: 'api-key', provider: CUSTOM_PROVIDER, baseUrl, dialect } }
}

/** What a program's own login file holds at least; an API key in the place of one is an API key, and is refused here. */
const fileShapes: Readonly<Record<string, z.ZodType>> = {
  codex: z.looseObject({ tokens: z.looseObject({ access_token: z.string().min(1), refresh_token: z.string().min(1) }) }),
  claude: z.looseObject({ claudeAiOauth: z.looseObject({ accessToken: z.string().min(1) }) }),
  opencode: z
    .record(z.string(), z.looseObject({ type: z.enum(['oauth', 'wellknown']) }))
    .refine((logins) => Object.keys(logins).length > 0),
}

/** Codex writes a key beside its login, which every run would read: keys go through the proxy alone. */
const WithoutKey = z.looseObject({ OPENAI_API_KEY: z.literal('').nullish() })

function judgeFile({ format, contents }: Extract<Secret, { kind: 'auth-file' }>): JudgedSecret {
  const parsed = parseJson(contents)
  if (parsed === undefined) return malformed('contents', contents.trim() ? 'not-json' : 'empty')
  if (fileShapes[format] && !fileShapes[format].safeParse(parsed).success) return malformed('contents', 'not-a-login', { format })
  if (format === 'codex' && !WithoutKey.safeParse(parsed).success) return malformed('contents', 'holds-api-key', { format })
  return { ok: true, material: contents, credential: { ...nothing, kind: 'auth-file', format } }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** `a, b ,a` → `['a', 'b']`, commas or lines: the models that a custom provider was connected with. */
export const modelList = (text: string): string[] => [
  ...new Set(
    text
      .split(',')
      .map((each) => each.trim())
      .filter(Boolean),
  ),
]

/** Model ids end up in configuration files that know placeholders, so no braces. */
const modelIds = /^[\w.:@/~+, \n-]*$/

/** What people may say of how a harness works; `models` belongs to a custom provider. */
export const ConnectionSettings = z.strictObject({
  model: z.string().min(1).max(200).regex(modelIds).optional(),
  mode: z.string().min(1).max(100).optional(),
  effort: z.string().min(1).max(100).optional(),
  models: z.string().max(20_000).regex(modelIds).optional(),
})
export type ConnectionSettings = z.infer<typeof ConnectionSettings>
