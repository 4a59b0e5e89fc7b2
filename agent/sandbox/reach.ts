/**
 * Which hosts a run may reach besides the proxy: those on its own list, and of them
 * only addresses of the public internet, unless the instance owner named the host as
 * private. The address that was checked is the address that is dialled, so a name
 * that changes its answer in between gains nothing.
 */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { isPublicAddress } from '#core/links/public-address.ts'

export type Reach = {
  /** `host:port`, lower case. */
  allowed: ReadonlySet<string>
  /** `host:port` that may be private and plain http; a host must be in `allowed` too. */
  private: ReadonlySet<string>
  /** `host:port` → the `address:port` that is dialled instead, whatever its kind; for tests alone. */
  redirected?: ReadonlyMap<string, string>
}

export const nothingInReach: Reach = { allowed: new Set(), private: new Set() }

/** Nothing but a login's own vendor. */
export const reachOf = (hosts: readonly string[], redirected: Reach['redirected'] = new Map()): Reach => ({
  allowed: new Set(hosts),
  private: new Set(),
  redirected,
})

export type Resolve = (host: string) => Promise<readonly string[]>
const resolveAll: Resolve = async (host) => (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address)

/** @returns the address and port to dial, or why not */
export async function addressInReach(
  { host, port, reach }: { host: string; port: number; reach: Reach },
  resolve: Resolve = resolveAll,
): Promise<{ ok: true; address: string; port: number } | { ok: false; reason: string }> {
  const name = `${host.toLowerCase()}:${port}`
  if (!reach.allowed.has(name)) return { ok: false, reason: `${name} is not on this run's list` }
  const instead = reach.redirected?.get(name)
  if (instead) {
    const at = instead.lastIndexOf(':')
    return { ok: true, address: instead.slice(0, at), port: Number(instead.slice(at + 1)) }
  }
  const bare = host.replace(/^\[|\]$/g, '')
  const addresses = isIP(bare) ? [bare] : await resolve(bare).catch(() => [])
  const [first] = addresses
  if (first === undefined) return { ok: false, reason: `${host} has no address` }
  // One private answer is enough to refuse: a mixed answer is how rebinding starts.
  if (!reach.private.has(name) && !addresses.every(isPublicAddress)) return { ok: false, reason: `${host} is not a public address` }
  return { ok: true, address: first, port }
}
