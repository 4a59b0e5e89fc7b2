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

// --- addresses ---------------------------------------------------------------------------------------------

/** IANA's special-purpose registry for IPv4, and the address at which Azure serves its machines' secrets. */
const privateIpv4 = blockList('ipv4', [
  ['0.0.0.0', 8], // this network
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // carrier-grade NAT; Alibaba's metadata
  ['127.0.0.0', 8],
  ['168.63.129.16', 32], // Azure's host channel
  ['169.254.0.0', 16], // link-local; the metadata of most clouds
  ['172.16.0.0', 12],
  ['192.0.0.0', 24], // protocol assignments; Oracle's metadata
  ['192.0.2.0', 24], // documentation
  ['192.31.196.0', 24], // AS112
  ['192.52.193.0', 24], // AMT
  ['192.88.99.0', 24], // 6to4 relays
  ['192.168.0.0', 16],
  ['192.175.48.0', 24], // AS112
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, broadcast
])

/** Only global unicast is handed out to anybody; mapped, compatible, NAT64, unique-local, link- and site-local lie outside. */
const globalIpv6 = blockList('ipv6', [['2000::', 3]])
const privateIpv6 = blockList('ipv6', [
  ['2001::', 23], // protocol assignments: Teredo, ORCHID, benchmarks
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4 carries an IPv4 address that nobody checked
  ['2620:4f:8000::', 48], // AS112
  ['3fff::', 20], // documentation
])

function blockList(family: 'ipv4' | 'ipv6', subnets: readonly (readonly [string, number])[]): net.BlockList {
  const list = new net.BlockList()
  for (const [address, prefix] of subnets) list.addSubnet(address, prefix, family)
  return list
}

/** Whether an address, as a resolver gives it, is public unicast. Anything else is not. */
export function isPublicAddress(address: string): boolean {
  if (address.includes('%')) return false // a zone: an interface of this machine
  switch (net.isIP(address)) {
    case 4:
      return !privateIpv4.check(address, 'ipv4')
    case 6:
      return globalIpv6.check(address, 'ipv6') && !privateIpv6.check(address, 'ipv6')
    default:
      return false
  }
}

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
