/**
 * What a request must satisfy before anything of ours sees it: a host that is ours, and
 * for whoever acts with a cookie, an origin that is ours. Pure, so that the table of
 * cases is beside it. Used by `server/http.ts`.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Env } from '#server/env.ts'

export type Refusal = { status: 400 | 403 | 411 | 413 | 415; message: string }

/** Every `host:port` under which this server may be asked for. Names that resolve to us by trick are not among them. */
export function allowedHosts({ url, port, host }: Pick<Env, 'url' | 'port' | 'host'>): ReadonlySet<string> {
  const hosts = new Set([new URL(url).host])
  for (const name of ['127.0.0.1', 'localhost', '[::1]', host.includes(':') ? `[${host}]` : host]) {
    // A browser leaves the default port out.
    hosts.add(`${name}:${port}`)
    if (port === 80) hosts.add(name)
  }
  return hosts
}

/** Origins that a browser may act from: the public address, and loopback when that is the public address. */
export function allowedOrigins({ url, port }: Pick<Env, 'url' | 'port'>): ReadonlySet<string> {
  const origins = new Set([url])
  if (/^(127\.0\.0\.1|localhost|\[::1\])$/.test(new URL(url).hostname)) {
    for (const name of ['127.0.0.1', 'localhost', '[::1]']) origins.add(new URL(`http://${name}:${port}`).origin)
  }
  return origins
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

type Asked = { method: string; headers: IncomingHttpHeaders }

export function whyRefused(
  { method, headers }: Asked,
  { hosts, origins }: { hosts: ReadonlySet<string>; origins: ReadonlySet<string> },
): Refusal | null {
  const host = headers.host?.toLowerCase()
  if (host === undefined || !hosts.has(host))
    return { status: 400, message: 'This server is not known under that name. Set GATEHOUSE_URL to the address in use.' }
  if (SAFE_METHODS.has(method) || headers.cookie === undefined) return null
  return isOwnOrigin({ headers }, origins) ? null : { status: 403, message: 'This request comes from another site.' }
}

/** Exactly, and it must be stated: a browser states it with everything that is not a plain GET. */
const isOwnOrigin = ({ headers }: Pick<Asked, 'headers'>, origins: ReadonlySet<string>): boolean =>
  headers.origin !== undefined && origins.has(headers.origin)

/** More than this is no e-mail address and password. */
const SMALL_BODY_BYTES = 64 * 1024

/** For what reads a body whole, whatever its size: it must say how long it is, and Node holds it to that. */
export function whyNotSmall({ method, headers }: Asked): Refusal | null {
  if (SAFE_METHODS.has(method)) return null
  if (headers['transfer-encoding'] !== undefined) return { status: 411, message: 'This request must say how long it is.' }
  return Number(headers['content-length'] ?? 0) > SMALL_BODY_BYTES ? { status: 413, message: 'This request is too large.' } : null
}

/** The API takes JSON only: a form, which any site can send without asking first, is refused. */
export function whyNotJson({ method, headers }: Asked): Refusal | null {
  if (SAFE_METHODS.has(method)) return null
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  return type === 'application/json' ? null : { status: 415, message: 'The API takes application/json.' }
}
