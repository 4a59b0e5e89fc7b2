/**
 * The one gate for outbound requests whose host a person chose. Parse once, policy,
 * resolve *all* answers, refuse if *any* is not public unicast, dial the address that was
 * checked, TLS with the server's name. Redirects are nobody's business here: callers
 * never follow one.
 *
 * Asked when a URL is saved (`checkUpstreamUrl`) and again at every connection
 * (`guardedConnector`), because a name may point elsewhere by then. A `lookup` hook
 * would not do: Node skips it for IP literals.
 *
 * Private upstreams (Ollama, vLLM) are `host:port` pairs of the instance owner's
 * configuration; these alone may be private, and plain http.
 */
import { lookup as lookupName, type LookupAddress } from 'node:dns'
import net from 'node:net'
import tls from 'node:tls'
import type { buildConnector } from 'undici'
import { DomainError } from '#core/errors.ts'
import { isPublicAddress } from '#core/links/public-address.ts'
import { env } from '#server/env.ts'

export type Unsafe = 'not-a-url' | 'not-https' | 'has-credentials' | 'host-not-found' | 'private-address'

export type Guard = {
  /** `host:port`, lower-case; IPv6 in brackets. */
  privateUpstreams: readonly string[]
  /** All addresses of a name. A parameter for tests alone. */
  resolve?: (hostname: string) => Promise<readonly string[]>
}

export const configuredGuard = (): Guard => ({ privateUpstreams: env().privateUpstreams })

const resolveAll = (hostname: string): Promise<readonly string[]> =>
  new Promise((resolve, reject) => {
    lookupName(hostname, { all: true, verbatim: true }, (failure, found: LookupAddress[]) => {
      if (failure) reject(failure)
      else resolve(found.map(({ address }) => address))
    })
  })

// --- URLs --------------------------------------------------------------------------------------------------

const withoutBrackets = (hostname: string) => hostname.replace(/^\[(.*)\]$/, '$1')

const pairOf = (url: URL) => `${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}`

/**
 * Whether we may send a request there, and to which addresses.
 *
 * @returns the addresses to dial, every one of them checked; or why not
 */
async function admit(url: URL, guard: Guard): Promise<{ ok: true; addresses: readonly string[] } | { ok: false; reason: Unsafe }> {
  const isPrivate = guard.privateUpstreams.includes(pairOf(url))
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isPrivate)) return { ok: false, reason: 'not-https' }
  if (url.username !== '' || url.password !== '') return { ok: false, reason: 'has-credentials' }
  const host = withoutBrackets(url.hostname)
  const addresses = net.isIP(host) ? [host] : await (guard.resolve ?? resolveAll)(host).catch(() => [])
  if (addresses.length === 0) return { ok: false, reason: 'host-not-found' }
  if (!isPrivate && !addresses.every(isPublicAddress)) return { ok: false, reason: 'private-address' }
  return { ok: true, addresses }
}

/**
 * For a base URL that somebody wants to save.
 * @throws upstream.unsafe with `host` and `reason` (one of `Unsafe`)
 */
export async function checkUpstreamUrl(text: string, guard: Guard = configuredGuard()): Promise<void> {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol) || url.hostname === '')
    throw new DomainError('upstream.unsafe', { host: null, reason: 'not-a-url' })
  const verdict = await admit(url, guard)
  if (!verdict.ok) throw new DomainError('upstream.unsafe', { host: url.host, reason: verdict.reason })
}

// --- connections -------------------------------------------------------------------------------------------

const CONNECT_TIMEOUT_MS = 5_000

/** The connector of an undici pool: every new connection goes to an address that was checked just now. */
export function guardedConnector(guard: Guard): buildConnector.connector {
  return (options, callback) => {
    const port = options.port || (options.protocol === 'https:' ? '443' : '80')
    const hostname = withoutBrackets(options.hostname)
    const url = URL.parse(`${options.protocol}//${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`)
    void connect().then(
      (socket) => callback(null, socket),
      (failure: unknown) => callback(failure instanceof Error ? failure : new Error(String(failure)), null),
    )

    async function connect(): Promise<net.Socket | tls.TLSSocket> {
      const verdict = url ? await admit(url, guard) : ({ ok: false, reason: 'not-a-url' } as const)
      if (!verdict.ok) throw new DomainError('upstream.unsafe', { host: `${hostname}:${port}`, reason: verdict.reason })
      let last: unknown
      for (const address of verdict.addresses) {
        try {
          return await dial({ address, port: Number(port), servername: options.protocol === 'https:' ? hostname : null })
        } catch (failure) {
          last = failure
        }
      }
      throw last
    }
  }
}

/** @param servername of the certificate to expect; null for plain TCP */
function dial({ address, port, servername }: { address: string; port: number; servername: string | null }): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const target = { host: address, port }
    const socket: net.Socket =
      servername === null
        ? net.connect(target)
        : // SNI carries names only; the certificate of a bare address is checked against that address.
          tls.connect({ ...target, ...(net.isIP(servername) === 0 && { servername }), ALPNProtocols: ['http/1.1'] })
    socket.setNoDelay(true).setKeepAlive(true, 60_000)
    const timer = setTimeout(
      () => socket.destroy(Object.assign(new Error('The connection took too long'), { code: 'ETIMEDOUT' })),
      CONNECT_TIMEOUT_MS,
    )
    socket.once('error', fail)
    socket.once(servername === null ? 'connect' : 'secureConnect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      resolve(socket)
    })
    function fail(failure: Error): void {
      clearTimeout(timer)
      reject(failure)
    }
  })
}
