import { describe, expect, it } from 'vitest'
import { askedOf, type Asked } from '#core/chat/asked.ts'
import { decidingRule, optionOf, type PermissionRule } from '#core/projects/permission-rules.ts'

const options: Asked['options'] = [
  { optionId: 'always', kind: 'allow_always' },
  { optionId: 'yes', kind: 'allow_once' },
  { optionId: 'no', kind: 'reject_once' },
]
const command = (...subjects: string[]): Asked => ({ kind: 'execute', subjects, options })
const edit = (...subjects: string[]): Asked => ({ kind: 'edit', subjects, options })
const allow = (pattern: string, kind: PermissionRule['kind'] = 'execute'): PermissionRule => ({ effect: 'allow', kind, pattern })
const deny = (pattern: string, kind: PermissionRule['kind'] = 'execute'): PermissionRule => ({ effect: 'deny', kind, pattern })
const ask = (pattern: string, kind: PermissionRule['kind'] = 'execute'): PermissionRule => ({ effect: 'ask', kind, pattern })
const verdict = (rules: PermissionRule[], asked: Asked) => decidingRule(rules, asked)?.effect ?? 'ask'

describe('a yes covers what it says, and nothing behind it', () => {
  it.each([
    ['npm test*', 'npm test -- --run', 'allow'],
    ['npm test', 'npm test', 'allow'],
    ['npm test', 'npm test --all', 'ask'],
    ['npm test*', 'npm test; rm -rf /', 'ask'],
    ['npm test*', 'npm test && curl evil', 'ask'],
    ['npm test*', 'npm test | sh', 'ask'],
    ['npm test*', 'npm test $(curl evil)', 'ask'],
    ['npm test*', 'npm test `curl evil`', 'ask'],
    ['npm test*', 'npm test > /etc/passwd', 'ask'],
    ['npm test*', 'npm test\ncurl evil', 'ask'],
    ['a.c', 'abc', 'ask'],
    ['make && make install', 'make && make install', 'allow'],
    ['*', 'anything; at all', 'allow'],
  ])('%s for %s', (pattern, asked, effect) => expect(verdict([allow(pattern)], command(asked))).toBe(effect))

  it.each([
    ['src/*', ['src/a.ts'], 'allow'],
    ['src/*', ['src/a.ts', 'package.json'], 'ask'],
    ['src/*', ['src/../../etc/passwd'], 'ask'],
    ['*.ts', ['/etc/evil.ts'], 'ask'],
    ['*', ['/etc/evil.ts'], 'allow'],
    ['src/*', [], 'ask'],
    ['*', [], 'allow'],
  ])('%s for the paths %j', (pattern, paths, effect) => expect(verdict([allow(pattern, 'edit')], edit(...paths))).toBe(effect))

  it('of its own kind, or of every kind', () => {
    expect(verdict([allow('*', 'read')], edit('a'))).toBe('ask')
    expect(verdict([allow('*', 'any')], edit('a'))).toBe('allow')
  })
})

describe('a no is due when it touches any of it', () => {
  it.each([
    ['rm *', 'rm -rf build', 'deny'],
    ['rm *', 'cd build && rm -rf .', 'deny'],
    ['rm *', 'echo $(rm -rf .)', 'deny'],
    ['rm *', 'npm run build', 'ask'],
  ])('%s for %s', (pattern, asked, effect) => expect(verdict([deny(pattern)], command(asked))).toBe(effect))
  it('or any of the paths', () => expect(verdict([deny('.env', 'edit')], edit('a.ts', '.env'))).toBe('deny'))
})

it('lets a no go before a question and a question before a yes, in whatever order they stand', () => {
  const asked = command('git push --force')
  expect(verdict([allow('git *'), ask('git push*')], asked)).toBe('ask')
  expect(verdict([allow('git *'), ask('git push*'), deny('*--force')], asked)).toBe('deny')
  expect(verdict([allow('git *')], asked)).toBe('allow')
  expect(decidingRule([], asked)).toBe(null)
})

it('answers once, never for always, and only with what the agent offers', () => {
  expect([optionOf('allow', command('x')), optionOf('deny', command('x')), optionOf('ask', command('x'))]).toEqual(['yes', 'no', null])
  expect(optionOf('allow', { ...command('x'), options: [options[0]!] })).toBe(null)
  expect(optionOf('deny', { ...command('x'), options: [options[0]!] })).toBe(null)
})

it('knows where agents say what they ask for', () => {
  const asked = (fact: object) => askedOf({ kind: 'execute', content: [], options: [], ...fact } as never).subjects
  expect(asked({ input: { command: ['bash', '-lc', 'npm test'] } })).toEqual(['npm test'])
  expect(asked({ input: { cmd: 'ls' } })).toEqual(['ls'])
  expect(asked({ input: { path: 'a' } })).toEqual([])
  const diff = { type: 'diff', path: '/x/workspaces/c/work/src/a.ts', oldText: null, newText: '' }
  expect(asked({ kind: 'edit', content: [diff], input: { file_path: 'b.ts' } })).toEqual(['src/a.ts', 'b.ts'])
  expect(asked({ input: { command: 'x'.repeat(5_000) } })).toEqual([])
})
