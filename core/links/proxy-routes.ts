/**
 * What the proxy serves: a fixed table. A path that is not in it is 404, so nothing of
 * a client's URL but a checked query ever reaches an upstream. Where a dialect names the model
 * in the path, the table has `{model}`, and what stands there is read once and strictly.
 * The URL of a request is `/ai/proxy/{wstoken}/{path}`; read by `server/proxy/route.ts`,
 * and by `core/connections/launch.ts` for the base URL that a harness is told.
 */
import type { Dialect } from '#core/providers/dialects.ts'

/**
 * `generate`, `embed` and `count` ask a model, named in their body or path; `count` alone is not metered.
 * `models` and `model` describe models: never more than the allowlist, so a harness cannot offer what we refuse.
 * `probe` only asks whether somebody is there, and is answered without an upstream.
 */
export type CallKind = 'generate' | 'embed' | 'count' | 'models' | 'model' | 'probe'
/** The kinds that go on to an upstream. */
export type AskingKind = Extract<CallKind, 'generate' | 'embed' | 'count'>

type RouteBase = { method: 'GET' | 'POST' | 'HEAD'; path: string; dialects: readonly [Dialect, ...Dialect[]] }
export type AskingRoute = RouteBase & {
  kind: AskingKind
  upstreamPath: string
  /** Where the path says it, and not the body. */ streams?: boolean
}
export type ProxyRoute = AskingRoute | (RouteBase & { kind: Exclude<CallKind, AskingKind>; upstreamPath: null })

const MODEL = '{model}'

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
  { method: 'GET', path: 'anthropic/v1/models', kind: 'models', dialects: ['anthropic-messages'], upstreamPath: null },
  { method: 'HEAD', path: 'anthropic', kind: 'probe', dialects: ['anthropic-messages'], upstreamPath: null },
  { method: 'HEAD', path: 'anthropic/api/hello', kind: 'probe', dialects: ['anthropic-messages'], upstreamPath: null },
  { method: 'POST', path: 'openai/v1/chat/completions', kind: 'generate', dialects: ['openai-chat'], upstreamPath: '/chat/completions' },
  { method: 'POST', path: 'openai/v1/responses', kind: 'generate', dialects: ['openai-responses'], upstreamPath: '/responses' },
  {
    method: 'POST',
    path: 'openai/v1/embeddings',
    kind: 'embed',
    dialects: ['openai-chat', 'openai-responses'],
    upstreamPath: '/embeddings',
  },
  { method: 'GET', path: 'openai/v1/models', kind: 'models', dialects: ['openai-chat', 'openai-responses'], upstreamPath: null },
  { method: 'GET', path: 'gemini/v1beta/models', kind: 'models', dialects: ['gemini-generate'], upstreamPath: null },
  { method: 'GET', path: `gemini/v1beta/models/${MODEL}`, kind: 'model', dialects: ['gemini-generate'], upstreamPath: null },
  {
    method: 'POST',
    path: `gemini/v1beta/models/${MODEL}:generateContent`,
    kind: 'generate',
    dialects: ['gemini-generate'],
    upstreamPath: `/v1beta/models/${MODEL}:generateContent`,
    streams: false,
  },
  {
    method: 'POST',
    path: `gemini/v1beta/models/${MODEL}:streamGenerateContent`,
    kind: 'generate',
    dialects: ['gemini-generate'],
    upstreamPath: `/v1beta/models/${MODEL}:streamGenerateContent`,
    streams: true,
  },
  {
    method: 'POST',
    path: `gemini/v1beta/models/${MODEL}:countTokens`,
    kind: 'count',
    dialects: ['gemini-generate'],
    upstreamPath: `/v1beta/models/${MODEL}:countTokens`,
    streams: false,
  },
]

/**
 * What a harness is told to add its own paths to, behind the proxy's origin. The same
 * rule as for a provider's base URL: with the version for OpenAI's dialects, without for the others.
 */
export const proxySegments = {
  'anthropic-messages': 'anthropic',
  'openai-chat': 'openai/v1',
  'openai-responses': 'openai/v1',
  'gemini-generate': 'gemini',
} as const satisfies Record<Dialect, string>

/** A dialect that the proxy serves. */
export type ProxiedDialect = keyof typeof proxySegments

export const isProxied = (dialect: Dialect): dialect is ProxiedDialect => Object.hasOwn(proxySegments, dialect)

/** `model`: what stood in the path, decoded; null where the path has no place for one. */
export type FoundRoute = { route: ProxyRoute; model: string | null }

/** `path` without query and without leading or trailing slash, compared exactly. */
export function findProxyRoute(method: string, path: string): FoundRoute | null {
  for (const route of proxyRoutes) {
    if (route.method !== method) continue
    const at = route.path.indexOf(MODEL)
    if (at < 0) {
      if (route.path === path) return { route, model: null }
      continue
    }
    const behind = route.path.slice(at + MODEL.length)
    if (path.length <= route.path.length - MODEL.length || !path.startsWith(route.path.slice(0, at)) || !path.endsWith(behind)) continue
    const model = modelInPath(path.slice(at, path.length - behind.length))
    if (model !== null) return { route, model }
  }
  return null
}

/** Nothing that could be a way to somewhere else, in any reading: no slash, colon, percent sign or pair of dots. */
const MODEL_IN_PATH = /^[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?!\.)){0,199}$/

/** Decodes once: what is still encoded then is refused, and the upstream is sent the decoded form. */
function modelInPath(segment: string): string | null {
  try {
    const model = decodeURIComponent(segment)
    return MODEL_IN_PATH.test(model) ? model : null
  } catch {
    return null
  }
}

/** @param model what `findProxyRoute` found in the path */
export const upstreamPathOf = (route: AskingRoute, model: string | null): string =>
  model === null ? route.upstreamPath : route.upstreamPath.replace(MODEL, () => model)
