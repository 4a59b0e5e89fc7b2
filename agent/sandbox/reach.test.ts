import { describe, expect, it } from 'vitest'
import { addressInReach, type Reach } from '#agent/sandbox/reach.ts'

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
    expect(await ask('git.example', 443, '1.1.1.1')).toEqual({ ok: true, address: '1.1.1.1', port: 443 })
    expect(await ask('GIT.example', 443, '1.1.1.1')).toEqual({ ok: true, address: '1.1.1.1', port: 443 })
    expect(await ask('inner.example', 8443, '10.0.0.7')).toEqual({ ok: true, address: '10.0.0.7', port: 8443 })
    expect(await ask('10.0.0.5', 80)).toEqual({ ok: true, address: '10.0.0.5', port: 80 })
    expect(await ask('1.1.1.1', 443)).toEqual({ ok: true, address: '1.1.1.1', port: 443 })
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
