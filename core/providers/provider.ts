/**
 * A provider: a company or server that serves models, with one HTTPS base URL per
 * dialect. The known ones stand in `presets.ts`; `custom` gets its URL from the person
 * who connects it. The proxy's upstream URL is `baseUrl` of the endpoint plus
 * `upstreamPath` of the route (`core/links/proxy-routes.ts`), nothing else.
 */
import type { AuthHeader, Dialect } from '#core/providers/dialects.ts'

export type Endpoint = {
  dialect: Dialect
  /**
   * Without a trailing slash. OpenAI dialects include the version (`…/v1`), the
   * Anthropic and Gemini dialects do not: so all clients of these dialects have it.
   */
  baseUrl: string
  authHeader: AuthHeader
  /** Its chat streams report usage by themselves, and a request that asks for it is refused. */
  reportsUsageUnasked?: true
}

export type Provider = {
  id: string
  name: string
  /** What answers 2xx for a good key and 401 or 403 for a bad one, without costing anything; behind the first endpoint's base URL. */
  keyCheckPath: string
  /** The provider's own dialect first; a harness that speaks several takes the first it knows. */
  endpoints: readonly Endpoint[]
  /** How a key of this provider begins, shown as a placeholder; null when keys have no common form. */
  keyHint: string | null
  /** The page on which a person makes a key. */
  keyPage: string | null
}

/**
 * Brings a typed base URL into the form that `Endpoint.baseUrl` promises, so that
 * `https://host`, `https://host/` and `https://host/v1` mean the same server. Idempotent.
 *
 * @returns null when it is no absolute http(s) URL without credentials, query and fragment
 */
export function normalBaseUrl(dialect: Dialect, typed: string): string | null {
  const url = URL.parse(typed.trim())
  if (!url || !['https:', 'http:'].includes(url.protocol)) return null
  if (url.username || url.password || url.search || url.hash) return null
  const path = url.pathname.replace(/\/+$/, '')
  if (/%2e|%2f|%5c|\/\//i.test(path)) return null
  switch (dialect) {
    case 'openai-chat':
    case 'openai-responses':
      return `${url.origin}${path || '/v1'}`
    case 'anthropic-messages':
      return `${url.origin}${path.replace(/\/v1$/, '')}`
    case 'gemini-generate':
      return `${url.origin}${path.replace(/\/v1(beta)?$/, '')}`
  }
}
