/**
 * Which hosts a run may reach besides the proxy: those on its own list, and of them
 * only addresses of the public internet, unless the instance owner named the host as
 * private. The address that was checked is the address that is dialled, so a name
 * that changes its answer in between gains nothing.
 */
import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'

export type Reach = {
  /** `host:port`, lower case. */
  allowed: ReadonlySet<string>
  /** `host:port` that may be private and plain http; a host must be in `allowed` too. */
  private: ReadonlySet<string>
}

export const nothingInReach: Reach = { allowed: new Set(), private: new Set() }

const notPublic = new BlockList()
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  notPublic.addSubnet(network, bits, 'ipv4')
// Global unicast is 2000::/3; of it these lead elsewhere (Teredo, documentation, 6to4).
for (const [network, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  notPublic.addSubnet(network, bits, 'ipv6')
const globalUnicast = new BlockList()
globalUnicast.addSubnet('2000::', 3, 'ipv6')

export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !notPublic.check(address, 'ipv4')
  // Mapped, translated, link-local and private forms are all outside of 2000::/3.
  return family === 6 && !address.includes('%') && globalUnicast.check(address, 'ipv6') && !notPublic.check(address, 'ipv6')
}

export type Resolve = (host: string) => Promise<readonly string[]>
const resolveAll: Resolve = async (host) => (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address)

/** @returns the address to dial, or why not */
export async function addressInReach(
  { host, port, reach }: { host: string; port: number; reach: Reach },
  resolve: Resolve = resolveAll,
): Promise<{ ok: true; address: string } | { ok: false; reason: string }> {
  const name = `${host.toLowerCase()}:${port}`
  if (!reach.allowed.has(name)) return { ok: false, reason: `${name} is not on this run's list` }
  const bare = host.replace(/^\[|\]$/g, '')
  const addresses = isIP(bare) ? [bare] : await resolve(bare).catch(() => [])
  const [first] = addresses
  if (first === undefined) return { ok: false, reason: `${host} has no address` }
  // One private answer is enough to refuse: a mixed answer is how rebinding starts.
  if (!reach.private.has(name) && !addresses.every(isPublicAddress)) return { ok: false, reason: `${host} is not a public address` }
  return { ok: true, address: first }
}
