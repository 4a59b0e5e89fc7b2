/**
 * What the proxy serves: a fixed table. A path that is not in it is 404, so nothing of
 * a client's URL but its query ever reaches an upstream.
 * The URL of a request is `/ai/proxy/{wstoken}/{path}`; read by `server/proxy/route.ts`,
 * and by `core/connections/launch.ts` for the base URL that a harness is told.
 */
import type { Dialect } from '#core/providers/dialects.ts'

/**
 * `generate` and `count` name a model in their body, and only `generate` is metered.
 * `models` lists models: never more than the allowlist, so a harness cannot offer what we refuse.
 * `probe` only asks whether somebody is there, and is answered without an upstream.
 */
export type CallKind = 'generate' | 'count' | 'models' | 'probe'

type RouteBase = { method: 'GET' | 'POST' | 'HEAD'; path: string }
export type ProxyRoute =
  | (RouteBase & { kind: 'generate' | 'count'; dialects: readonly [Dialect]; upstreamPath: string })
  | (RouteBase & { kind: 'models'; dialects: readonly Dialect[]; upstreamPath: string })
  | (RouteBase & { kind: 'probe'; dialects: readonly Dialect[]; upstreamPath: null })

/** `path` stands behind the token; `upstreamPath` is appended to the endpoint's base URL. */
export const proxyRoutes: readonly ProxyRoute[] = [
  { method: 'POST', path: 'anthropic/v1/messages', kind: 'generate', dialects: ['anthropic-messages'], upstreamPath: '/v1/messages' },
  {
    method: 'POST',
    path: 'anthropic/v1/messages/count_tokens',
    kind: 'count',
    dialects: ['anthropic-messages'],
    upstreamPath: '/v1/messages/count_tokens',
  },
  { method: 'GET', path: 'anthropic/v1/models', kind: 'models', dialects: ['anthropic-messages'], upstreamPath: '/v1/models' },
  { method: 'HEAD', path: 'anthropic', kind: 'probe', dialects: ['anthropic-messages'], upstreamPath: null },
  { method: 'HEAD', path: 'anthropic/api/hello', kind: 'probe', dialects: ['anthropic-messages'], upstreamPath: null },
  { method: 'POST', path: 'openai/v1/chat/completions', kind: 'generate', dialects: ['openai-chat'], upstreamPath: '/chat/completions' },
  { method: 'POST', path: 'openai/v1/responses', kind: 'generate', dialects: ['openai-responses'], upstreamPath: '/responses' },
  { method: 'GET', path: 'openai/v1/models', kind: 'models', dialects: ['openai-chat', 'openai-responses'], upstreamPath: '/models' },
]

/**
 * What a harness is told to add its own paths to, behind the proxy's origin. The same
 * rule as for a provider's base URL: with the version for OpenAI's dialects, without for Anthropic's.
 */
export const proxySegments = {
  'anthropic-messages': 'anthropic',
  'openai-chat': 'openai/v1',
  'openai-responses': 'openai/v1',
} as const satisfies Partial<Record<Dialect, string>>

/** A dialect that the proxy serves. */
export type ProxiedDialect = keyof typeof proxySegments

export const isProxied = (dialect: Dialect): dialect is ProxiedDialect => Object.hasOwn(proxySegments, dialect)

/** `path` without query and without leading or trailing slash, compared exactly. */
export const findProxyRoute = (method: string, path: string): ProxyRoute | null =>
  proxyRoutes.find((route) => route.method === method && route.path === path) ?? null
