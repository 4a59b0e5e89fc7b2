import { describe, expect, it } from 'vitest'
import { addressInReach, isPublicAddress, type Reach } from '#agent/sandbox/reach.ts'

describe('public addresses', () => {
  it.each(['1.1.1.1', '93.184.216.34', '2606:4700:4700::1111', '2a00:1450:4001:82a::200e'])('%s is one', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })
  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.8.8.8',
    '169.254.169.254',
    '172.16.0.1',
    '192.168.1.1',
    '192.0.0.8',
    '198.18.0.1',
    '203.0.113.7',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    'fe80::1',
    'fe80::1%eth0',
    'fc00::1',
    'fd12::1',
    'ff02::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    '100::1',
    'nonsense',
    '',
  ])('%s is none', (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })
})

describe('what a run may dial', () => {
  const reach: Reach = {
    allowed: new Set(['git.example:443', 'inner.example:8443', '10.0.0.5:80', '1.1.1.1:443']),
    private: new Set(['inner.example:8443', '10.0.0.5:80']),
  }
  const answers =
    (...addresses: string[]) =>
    async () =>
      addresses
  const ask = (host: string, port: number, ...addresses: string[]) => addressInReach({ host, port, reach }, answers(...addresses))

  it('is on the list and public, or named as private', async () => {
    expect(await ask('git.example', 443, '1.1.1.1')).toEqual({ ok: true, address: '1.1.1.1' })
    expect(await ask('GIT.example', 443, '1.1.1.1')).toEqual({ ok: true, address: '1.1.1.1' })
    expect(await ask('inner.example', 8443, '10.0.0.7')).toEqual({ ok: true, address: '10.0.0.7' })
    expect(await ask('10.0.0.5', 80)).toEqual({ ok: true, address: '10.0.0.5' })
    expect(await ask('1.1.1.1', 443)).toEqual({ ok: true, address: '1.1.1.1' })
  })

  it.each([
    ['another host', 'evil.example', 443, ['1.1.1.1']],
    ['another port', 'git.example', 80, ['1.1.1.1']],
    ['a private answer', 'git.example', 443, ['10.0.0.1']],
    ['one private answer among public ones', 'git.example', 443, ['1.1.1.1', '127.0.0.1']],
    ['no answer', 'git.example', 443, []],
  ] as const)('is refused for %s', async (_, host, port, addresses) => {
    expect(await ask(host, port, ...addresses)).toMatchObject({ ok: false })
  })
})
