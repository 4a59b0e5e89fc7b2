/**
 * What a request asks of the proxy, read from its first line and headers, without I/O.
 * Outside contract: `/ai/proxy/{wstoken}/{path}`. Our own daemon keeps the token out of
 * URLs: it sends `/ai/proxy/-/{path}` with the token in a header.
 * Next: `run.ts`.
 */
import type { IncomingMessage } from 'node:http'
import { SENTINEL_KEY } from '#core/connections/sentinel.ts'
import { findProxyRoute, type FoundRoute } from '#core/links/proxy-routes.ts'
import type { Dialect } from '#core/providers/dialects.ts'
import { readQuery } from '#server/proxy/query.ts'
import { isWstoken } from '#server/proxy/token.ts'

export const PROXY_PREFIX = '/ai/proxy/'
export const WSTOKEN_HEADER = 'x-gatehouse-wstoken'

/** `query` is what goes on to the upstream, without the question mark. */
export type Call = FoundRoute & { token: string; query: string }

export type Misrouted = {
  ok: false
  status: 400 | 401 | 403 | 404 | 431
  message: string
  /** In whose words to say so; null when the path gives none away. */
  dialect: Dialect | null
}

/** Clients send about twenty. */
const MAX_HEADERS = 100

export function readCall(req: IncomingMessage): { ok: true; call: Call } | Misrouted {
  const url = req.url ?? ''
  if (!url.startsWith(PROXY_PREFIX)) return refuse(404, 'There is nothing here.', null)
  const [whole, query] = split(url.slice(PROXY_PREFIX.length), '?')
  const [inPath, path] = split(whole, '/')
  const found = findProxyRoute(req.method ?? '', path.replace(/\/$/, ''))
  if (!found) return refuse(404, 'Gatehouse does not serve this path.', dialectOf(path))
  const [dialect] = found.route.dialects
  if (req.rawHeaders.length > 2 * MAX_HEADERS) return refuse(431, `This request has more than ${MAX_HEADERS} headers.`, dialect)
  if (req.headers.origin !== undefined) return refuse(403, 'Gatehouse does not answer web pages here.', dialect)
  const asked = readQuery(dialect, query)
  if (!carriesSentinelOnly(req) || asked.is === 'foreign-key') return refuse(403, FOREIGN_KEY, dialect)
  if (asked.is === 'strange') return refuse(400, 'The query of this request is not one that Gatehouse passes on.', dialect)
  const header = req.headers[WSTOKEN_HEADER]
  const token = inPath === '-' ? (typeof header === 'string' ? header : '') : inPath
  if (!isWstoken(token)) return refuse(401, UNKNOWN_TOKEN, dialect)
  return { ok: true, call: { ...found, token, query: asked.query } }
}

const FOREIGN_KEY =
  'This request carries a key or login of its own. Gatehouse did not forward it: agents use the key that Gatehouse gave them.'

/** Unknown, expired and revoked look alike from outside. */
export const UNKNOWN_TOKEN = 'This workspace token is not valid (any more). Start the chat again in Gatehouse.'

const refuse = (status: Misrouted['status'], message: string, dialect: Dialect | null): Misrouted => ({
  ok: false,
  status,
  message,
  dialect,
})

const split = (text: string, at: string): [string, string] => {
  const index = text.indexOf(at)
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)]
}

const segments: readonly (readonly [string, Dialect])[] = [
  ['anthropic', 'anthropic-messages'],
  ['openai', 'openai-chat'],
  ['gemini', 'gemini-generate'],
]

/** In whose words to answer about what is none of our routes; null when the path gives nobody away. */
const dialectOf = (path: string): Dialect | null => segments.find(([segment]) => path.startsWith(segment))?.[1] ?? null

export const dialectOfUrl = (url = ''): Dialect | null => dialectOf(split(url.slice(PROXY_PREFIX.length), '/')[1])

/**
 * A native login that is sent here by mistake (a base URL left in an environment) must
 * not travel on, and not into a log. So whatever names a key has to be our sentinel.
 */
function carriesSentinelOnly({ headers, rawHeaders }: IncomingMessage): boolean {
  const bearer = headers.authorization
  return (
    !isRepeated(rawHeaders, 'authorization') &&
    (bearer === undefined || bearer === `Bearer ${SENTINEL_KEY}`) &&
    [headers['x-api-key'], headers['x-goog-api-key'], headers['api-key']].every((key) => key === undefined || key === SENTINEL_KEY) &&
    headers['proxy-authorization'] === undefined &&
    headers.cookie === undefined
  )
}

/** Node keeps the first of these headers and says nothing of a second. */
function isRepeated(rawHeaders: readonly string[], name: string): boolean {
  let seen = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const each = rawHeaders[at]!
    if (each.length === name.length && each.toLowerCase() === name) seen += 1
  }
  return seen > 1
}
