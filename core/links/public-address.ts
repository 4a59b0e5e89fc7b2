/**
 * Whether an address is one of the public internet. The one table for everything that dials what a person named:
 * the server's proxy (`server/proxy/upstream-guard.ts`) and a run's way out (`agent/sandbox/reach.ts`).
 */

type Subnet = readonly [network: readonly number[], bits: number]

/** IANA's special-purpose registry for IPv4, and the address at which Azure serves its machines' secrets. */
const privateIpv4: readonly Subnet[] = [
  [[0], 8], // this network
  [[10], 8],
  [[100, 64], 10], // carrier-grade NAT; Alibaba's metadata
  [[127], 8],
  [[168, 63, 129, 16], 32], // Azure's host channel
  [[169, 254], 16], // link-local; the metadata of most clouds
  [[172, 16], 12],
  [[192, 0, 0], 24], // protocol assignments; Oracle's metadata
  [[192, 0, 2], 24], // documentation
  [[192, 31, 196], 24], // AS112
  [[192, 52, 193], 24], // AMT
  [[192, 88, 99], 24], // 6to4 relays
  [[192, 168], 16],
  [[192, 175, 48], 24], // AS112
  [[198, 18], 15], // benchmarks
  [[198, 51, 100], 24], // documentation
  [[203, 0, 113], 24], // documentation
  [[224], 3], // multicast, reserved, broadcast
]

/** Only global unicast is handed out to anybody; mapped, compatible, NAT64, unique-local, link- and site-local lie outside. */
const globalIpv6: Subnet = [[0x20], 3]
const privateIpv6: readonly Subnet[] = [
  [[0x20, 0x01], 23], // protocol assignments: Teredo, ORCHID, benchmarks
  [[0x20, 0x01, 0x0d, 0xb8], 32], // documentation
  [[0x20, 0x02], 16], // 6to4 carries an IPv4 address that nobody checked
  [[0x26, 0x20, 0x00, 0x4f, 0x80, 0x00], 48], // AS112
  [[0x3f, 0xff], 20], // documentation
]

/** Of an address as a resolver gives it. Anything that is not public unicast is not public, and so is anything else. */
export function isPublicAddress(address: string): boolean {
  const ipv4 = bytesOfIpv4(address)
  if (ipv4) return !privateIpv4.some((subnet) => isWithin(ipv4, subnet))
  const ipv6 = bytesOfIpv6(address)
  return ipv6 !== null && isWithin(ipv6, globalIpv6) && !privateIpv6.some((subnet) => isWithin(ipv6, subnet))
}

function isWithin(bytes: readonly number[], [network, bits]: Subnet): boolean {
  for (let at = 0; at * 8 < bits; at += 1) {
    const mask = (0xff << Math.max(0, 8 * (at + 1) - bits)) & 0xff
    if ((bytes[at]! & mask) !== (network[at] ?? 0)) return false
  }
  return true
}

/** Four plain numbers: other spellings (octal, hex, fewer parts) are none that a resolver gives. */
function bytesOfIpv4(address: string): number[] | null {
  if (!/^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/.test(address)) return null
  const bytes = address.split('.').map(Number)
  return bytes.every((byte) => byte <= 255) ? bytes : null
}

/** A zone (`%eth0`) names an interface of this machine, and no URL takes one. */
function bytesOfIpv6(address: string): number[] | null {
  const canonical = address.includes(':') && !/[^0-9a-f:.]/i.test(address) ? URL.parse(`http://[${address}]/`)?.hostname : undefined
  if (!canonical) return null
  const [head, tail] = canonical.slice(1, -1).split('::').map(groupsOf)
  const groups = tail ? [...head!, ...Array<number>(8 - head!.length - tail.length).fill(0), ...tail] : head!
  return groups.flatMap((group) => [group >> 8, group & 0xff])
}

const groupsOf = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)))
