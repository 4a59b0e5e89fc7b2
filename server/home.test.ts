import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { prepareHome } from '#server/home.ts'

it('makes a folder with its parents, and lets others only pass through', () => {
  const parent = mkdtempSync(join(tmpdir(), 'gatehouse-home-'))
  try {
    const home = join(parent, 'one', 'two')
    prepareHome(home)
    expect(statSync(home).mode & 0o777).toBe(0o711)
  } finally {
    rmSync(parent, { recursive: true })
  }
})

it.runIf(process.platform === 'linux')('says what to do about a folder that cannot be, instead of trying for ever', () => {
  expect(() => prepareHome('/proc/gatehouse/home')).toThrow('cannot be written to (ENOENT): set GATEHOUSE_HOME to a folder that can.')
})
