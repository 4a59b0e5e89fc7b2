import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { sessionSecret } from '#server/accounts/auth.ts'
import { readOrCreate } from '#server/private-file.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'gatehouse-private-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

it('makes a file once, for us alone, and leaves no draft beside it', () => {
  const file = join(home, 'deep/secret.key')
  expect(readOrCreate(file, () => 'first')).toBe('first')
  expect(readOrCreate(file, () => 'second')).toBe('first')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(home, 'deep'))).toEqual(['secret.key'])
})

it('says what to do about a file that can neither be read nor made', () => {
  expect(() => readOrCreate(join(home, 'a\0b'), () => '')).toThrow('cannot be read')
  writeFileSync(join(home, 'file'), '')
  expect(() => readOrCreate(join(home, 'file/secret.key'), () => '')).toThrow('cannot be read')
})

it('never signs sessions with nothing', () => {
  const secret = sessionSecret({ home, masterKey: null })
  expect(secret).toMatch(/^[\w-]{43}$/)
  expect(sessionSecret({ home, masterKey: null })).toBe(secret)
  expect(sessionSecret({ home, masterKey: 'of several servers' })).toBe(
    sessionSecret({ home: '/elsewhere', masterKey: 'of several servers' }),
  )
  writeFileSync(join(home, 'session.key'), '')
  expect(() => sessionSecret({ home, masterKey: null })).toThrow('delete it')
})
