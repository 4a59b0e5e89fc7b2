import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { addVersion, dropFormerVersions, loadMasterKeys, openKeyring } from '#server/connections/master-key.ts'
import { createVault } from '#server/connections/vault.ts'

const keyOf = (fill: number) => Buffer.alloc(32, fill).toString('base64')
const vaultOf = (masterKey: string) => createVault(openKeyring({ home: '/nowhere', masterKey }))
const place = { table: 'credential', rowId: 'row', teamId: 'team', field: 'sealed' }

describe('a sealed secret', () => {
  const vault = vaultOf(keyOf(1))
  it('opens in its own place, and never looks the same twice', () => {
    const [first, second] = [vault.seal(place, 'schlüssel'), vault.seal(place, 'schlüssel')]
    expect(vault.open(place, first)).toEqual({ is: 'open', text: 'schlüssel' })
    expect(first.sealed.equals(second.sealed)).toBe(false)
    expect(first.sealed.includes('schl')).toBe(false)
  })

  it.each(['table', 'rowId', 'teamId', 'field'] as const)('does not open in another %s', (part) => {
    expect(vault.open({ ...place, [part]: 'other' }, vault.seal(place, 'secret'))).toEqual({ is: 'unreadable' })
  })

  it('does not open with any byte changed, cut or added', () => {
    const { sealed, masterVersion } = vault.seal(place, 'secret')
    for (let at = 0; at < sealed.length; at += 1) {
      const bent = Buffer.from(sealed)
      bent[at]! ^= 1
      expect(vault.open(place, { sealed: bent, masterVersion })).toEqual({ is: 'unreadable' })
    }
    for (const bent of [sealed.subarray(1), sealed.subarray(0, -1), Buffer.concat([sealed, Buffer.alloc(1)]), Buffer.alloc(0)]) {
      expect(vault.open(place, { sealed: bent, masterVersion })).toEqual({ is: 'unreadable' })
    }
  })

  it('does not open with another master key, and says so instead of failing', () => {
    expect(vaultOf(keyOf(2)).open(place, vault.seal(place, 'secret'))).toEqual({ is: 'unreadable' })
  })

  it('opens with a former master key as long as it is held', () => {
    const old = vault.seal(place, 'secret')
    const rotated = vaultOf(`1:${keyOf(1)},2:${keyOf(2)}`)
    expect(rotated.open(place, old)).toEqual({ is: 'open', text: 'secret' })
    expect(rotated.seal(place, 'secret').masterVersion).toBe(2)
    expect(vaultOf(`2:${keyOf(2)}`).open(place, old)).toEqual({ is: 'unreadable' })
    expect(rotated.fingerprint('secret')).toBe(vault.fingerprint('secret'))
  })

  it('is rewrapped for the current key without a change to what is sealed', () => {
    const old = vault.seal(place, 'secret')
    const rotated = vaultOf(`1:${keyOf(1)},2:${keyOf(2)}`)
    const moved = rotated.rewrap(place, old)!
    expect(moved.masterVersion).toBe(2)
    expect(moved.sealed.subarray(-30)).toEqual(old.sealed.subarray(-30))
    expect(vaultOf(`2:${keyOf(2)}`).open(place, moved)).toEqual({ is: 'open', text: 'secret' })
    expect(vault.open(place, moved)).toEqual({ is: 'unreadable' })
    expect(rotated.rewrap({ ...place, rowId: 'other' }, old)).toBeNull()
    expect(vaultOf(keyOf(9)).rewrap(place, old)).toBeNull()
  })

  it('opens with any key that is held, whatever number it was given', () => {
    expect(vaultOf(`1:${keyOf(5)},7:${keyOf(1)}`).open(place, vault.seal(place, 'secret'))).toEqual({ is: 'open', text: 'secret' })
  })

  it('has a fingerprint that another installation does not share', () => {
    expect(vault.fingerprint('secret')).toMatch(/^[0-9a-f]{16}$/)
    expect(vaultOf(keyOf(2)).fingerprint('secret')).not.toBe(vault.fingerprint('secret'))
  })
})

describe('the master key', () => {
  const homes: string[] = []
  const newHome = () => {
    const home = mkdtempSync(join(tmpdir(), 'gatehouse-key-'))
    homes.push(home)
    return home
  }
  afterEach(() => homes.splice(0).forEach((home) => rmSync(home, { recursive: true, force: true })))

  it('is made at the first start, readable by its owner alone, and stays', () => {
    const home = newHome()
    const first = loadMasterKeys({ home, masterKey: null })
    expect(statSync(join(home, 'master.key')).mode & 0o777).toBe(0o600)
    expect(loadMasterKeys({ home, masterKey: null })).toEqual(first)
    expect(readFileSync(join(home, 'master.key'), 'utf8').trim()).toBe(first.byVersion.get(1)!.toString('base64'))
  })

  it.each(['', 'too short', '0:AAAA', keyOf(1).slice(4)])('is not %j', (masterKey) => {
    expect(() => loadMasterKeys({ home: newHome(), masterKey })).toThrow(expect.objectContaining({ name: 'StartError' }))
  })

  it('is not replaced when its file is damaged', () => {
    const home = newHome()
    writeFileSync(join(home, 'master.key'), 'garbage')
    expect(() => loadMasterKeys({ home, masterKey: null })).toThrow(/base64 of 32 bytes/)
    expect(readFileSync(join(home, 'master.key'), 'utf8')).toBe('garbage')
  })

  it('gets versions, which a running process takes up, and drops the former ones', () => {
    const home = newHome()
    const keys = openKeyring({ home, masterKey: null })
    const vault = createVault(keys)
    const old = vault.seal(place, 'secret')
    const print = vault.fingerprint('secret')
    expect([addVersion(home), addVersion(home)]).toEqual([2, 3])
    expect(statSync(join(home, 'master.key')).mode & 0o777).toBe(0o600)
    expect(readdirSync(home)).toEqual(['master.key'])
    expect([...keys().byVersion.keys()]).toEqual([1, 2, 3])
    const moved = vault.rewrap(place, old)!
    expect(moved.masterVersion).toBe(3)
    dropFormerVersions(home)
    expect([...keys().byVersion.keys()]).toEqual([3])
    expect([vault.open(place, old).is, vault.open(place, moved).is]).toEqual(['unreadable', 'open'])
    expect(vault.fingerprint('secret')).toBe(print)
  })

  it('stays in use when its file is damaged or gone, until a good one is there again', () => {
    const home = newHome()
    const keys = openKeyring({ home, masterKey: null })
    const first = keys()
    writeFileSync(join(home, 'master.key'), 'garbage')
    expect(keys()).toEqual(first)
    rmSync(join(home, 'master.key'))
    expect(keys()).toEqual(first)
    writeFileSync(join(home, 'master.key'), keyOf(3))
    expect(keys().byVersion.get(1)!.toString('base64')).toBe(keyOf(3))
  })
})
