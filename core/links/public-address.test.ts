import { describe, expect, it } from 'vitest'
import { isPublicAddress } from '#core/links/public-address.ts'

describe('addresses', () => {
  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '93.184.216.34',
    '172.15.255.255',
    '172.32.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '192.169.0.1',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2a00:1450:4001:82a::200e',
    '2001:4860:4860::8888',
  ])('%s is public', (address) => expect(isPublicAddress(address)).toBe(true))

  it.each([
    // this host, loopback, unspecified
    '0.0.0.0',
    '0.1.2.3',
    '127.0.0.1',
    '127.255.255.254',
    '::',
    '::1',
    // private
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    'fc00::1',
    'fd12:3456:789a::1',
    'fec0::1',
    // link-local and the metadata of clouds
    '169.254.169.254',
    '169.254.0.1',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    '100.100.100.200',
    '192.0.0.192',
    '168.63.129.16',
    // carrier-grade NAT, benchmarks, documentation, protocol assignments
    '100.64.0.1',
    '100.127.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '198.19.255.255',
    '198.51.100.1',
    '203.0.113.1',
    '192.88.99.1',
    '2001:db8::1',
    '3fff::1',
    '100::1',
    // multicast, reserved, broadcast
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    'ff02::1',
    // IPv4 inside IPv6: mapped, compatible, translated, NAT64, 6to4, Teredo
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:93.184.216.34',
    '::127.0.0.1',
    '::ffff:0:127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b::93.184.216.34',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2002:5db8:d822::1',
    '2001:0:4136:e378::1',
    '2001:10::1',
    // no address at all
    '',
    'localhost',
    '1.2.3',
    '127.1',
    '0x7f000001',
  ])('%s is not', (address) => expect(isPublicAddress(address)).toBe(false))
})

/** The first and the last address of a block, and its neighbours. */
it('ends each block where its registry does', () => {
  const edges: [inside: string[], outside: string[]][] = [
    [
      ['10.0.0.0', '10.255.255.255'],
      ['9.255.255.255', '11.0.0.0'],
    ],
    [
      ['172.16.0.0', '172.31.255.255'],
      ['172.15.255.255', '172.32.0.0'],
    ],
    [
      ['100.64.0.0', '100.127.255.255'],
      ['100.63.255.255', '100.128.0.0'],
    ],
    [
      ['198.18.0.0', '198.19.255.255'],
      ['198.17.255.255', '198.20.0.0'],
    ],
    [['168.63.129.16'], ['168.63.129.15', '168.63.129.17']],
    [['224.0.0.0', '255.255.255.255'], ['223.255.255.255']],
    [['2001:0:0:0::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff'], ['2001:200::']],
    [
      ['2001:db8::', '2001:db8:ffff:ffff::'],
      ['2001:db7:ffff::', '2001:db9::'],
    ],
    [['3fff::', '3fff:fff:ffff::'], ['3fff:1000::']],
    [
      ['2620:4f:8000::', '2620:4f:8000:ffff::'],
      ['2620:4f:8001::', '2620:4f:7fff::'],
    ],
    [
      ['1fff:ffff::', '4000::'],
      ['2000::', '3ffe:ffff::'],
    ],
  ]
  for (const [inside, outside] of edges) {
    expect(inside.filter(isPublicAddress)).toEqual([])
    expect(outside.filter((address) => !isPublicAddress(address))).toEqual([])
  }
})

it.each([
  '127.1',
  '0x7f.0.0.1',
  '017.0.0.1',
  '2130706433',
  '1.1.1.256',
  '01.1.1.1',
  ' 1.1.1.1',
  '[2606:4700::1]',
  '2606:4700::1%1',
  '1.1.1.1/8',
  'x:y',
  ':',
])('takes %j for no address', (address) => expect(isPublicAddress(address)).toBe(false))
