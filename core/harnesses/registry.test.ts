import { describe, expect, it } from 'vitest'
import { harnesses, findHarness, offeredHarnesses } from '#core/harnesses/registry.ts'
import { place } from '#core/connections/testing.ts'

it('knows each harness by one id', () => {
  expect(harnesses.map((each) => each.id)).toEqual(['codex', 'claude-code', 'opencode', 'scripted'])
  expect(findHarness('nobody')).toBeNull()
})

it('offers the scripted harness in a test world only', () => {
  expect(offeredHarnesses({ isTesting: false }).map((each) => each.id)).toEqual(['codex', 'claude-code', 'opencode'])
  expect(offeredHarnesses({ isTesting: true })).toHaveLength(4)
})

describe.each(harnesses)('$id', (harness) => {
  it('starts a program of its own installation, or Node on one', () => {
    const { command, args } = harness.start(place)
    const program = command === place.nodePath ? args[0]! : command
    expect(program.startsWith(`${place.harnessDir}/`)).toBe(true)
  })

  it('pins its package to an exact version', () => {
    expect(harness.package === null ? '0.0.0' : harness.package.version).toMatch(/^\d+\.\d+\.\d+$/)
  })

  it('has a default mode among its modes', () => {
    expect(harness.modes.map((mode) => mode.id)).toContain(harness.defaultMode)
  })

  it('gives every run variables that are no key and no base URL', () => {
    const own = Object.keys(harness.env(place))
    expect(own.filter((name) => harness.proxyVariables.includes(name))).toEqual([])
    expect(own.filter((name) => /KEY|TOKEN|BASE_URL/.test(name))).toEqual([])
  })

  it('names, for each login file, a path below home that is no other file of ours', () => {
    for (const each of harness.accepts) {
      if (each.kind !== 'auth-file') continue
      expect(each.path).not.toMatch(/^\/|\.\./)
      expect(each.path).not.toBe(harness.instructionsPath)
    }
  })

  it('tries a login out where a run on it may go, and nowhere else', () => {
    for (const each of harness.accepts) {
      if (each.kind === 'api-key' || each.check === null) continue
      const { protocol, hostname } = new URL(each.check.url)
      expect(protocol).toBe('https:')
      expect(each.hosts).toContain(`${hostname}:443`)
    }
  })
})
