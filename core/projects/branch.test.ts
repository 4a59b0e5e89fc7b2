import { expect, it } from 'vitest'
import { isBranchName } from '#core/projects/branch.ts'

it.each(['main', 'feature/issue-12', 'release-1.2', 'a@b', 'ünï'])('takes %s', (name) => {
  expect(isBranchName(name)).toBe(true)
})

it.each([
  '',
  '-b',
  '--upload-pack=id',
  'a b',
  'a..b',
  'a~1',
  'a^',
  'a:b',
  'a?',
  'a*',
  'a[',
  'a\\b',
  '/a',
  'a/',
  'a//b',
  'a.',
  '.a',
  'a/.b',
  'a.lock',
  'a@{1}',
  '@',
  'HEAD',
  'a\nb',
])('refuses %j', (name) => {
  expect(isBranchName(name)).toBe(false)
})
