import { expect, it } from 'vitest'
import { safeNext } from '#components/session/session.ts'

it.each([
  ['/projects/1?tab=settings', '/projects/1?tab=settings'],
  ['/', '/'],
  ['', '/'],
  [null, '/'],
  [undefined, '/'],
  ['https://elsewhere.example', '/'],
  ['//elsewhere.example', '/'],
  ['/\\elsewhere.example', '/'],
  ['/a\\b', '/'],
  ['/\t/elsewhere.example', '/'],
  ['javascript:alert(1)', '/'],
])('after signing in, %j leads to %j', (next, path) => expect(safeNext(next)).toBe(path))
