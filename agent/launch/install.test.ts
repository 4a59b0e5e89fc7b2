import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { harnesses } from '#core/harnesses/registry.ts'
import { scripted } from '#core/harnesses/scripted.ts'
import { install, isInstalled, programFolder, programOf, stateOf } from '#agent/launch/install.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gatehouse-install-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

type Lock = { packages: Record<string, { version?: string; integrity?: string; resolved?: string }> }
const locksFolder = join(import.meta.dirname, 'locks')

describe('lockfiles', () => {
  it.each(readdirSync(locksFolder))('pin the whole tree of %s by integrity and name no registry', (name) => {
    const { packages } = JSON.parse(readFileSync(join(locksFolder, name, 'package-lock.json'), 'utf8')) as Lock
    const entries = Object.entries(packages).filter(([path]) => path !== '')
    expect(entries.length).toBeGreaterThan(0)
    for (const [path, each] of entries) {
      expect({ path, integrity: each.integrity }).toEqual({ path, integrity: expect.stringMatching(/^sha512-/) })
      expect(each.resolved).toBeUndefined()
    }
  })

  it.each(harnesses.filter((each) => each.package !== null))('are of the version that the registry names: $id', (harness) => {
    const manifest = JSON.parse(readFileSync(join(locksFolder, harness.id, 'package.json'), 'utf8')) as { version: string }
    expect(manifest.version).toBe(harness.package!.version)
  })
})

describe('installing', () => {
  it('puts the whole program in place once, for all who wait, and leaves nothing half done', async () => {
    const program = programOf(scripted)
    expect(stateOf(root, program)).toMatchObject({ state: 'absent' })
    const folders = await Promise.all([install(root, program), install(root, program), install(root, program)])
    expect(new Set(folders)).toEqual(new Set([programFolder(root, program)]))
    expect(isInstalled(root, program)).toBe(true)
    expect(readdirSync(join(root, 'scripted'))).toEqual([program.version])
    expect(existsSync(join(folders[0]!, 'scripted-agent.ts'))).toBe(true)
    const before = statSync(folders[0]!).ctimeMs
    await install(root, program)
    expect(statSync(folders[0]!).ctimeMs).toBe(before)
  })
})
