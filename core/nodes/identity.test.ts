import { expect, it } from 'vitest'
import { greetingStatement, standingOf, type Boot } from '#core/nodes/identity.ts'
import { NodeId } from '#core/ids.ts'

const one = '0199aaaa-0000-4000-8000-000000000001'
const two = '0199aaaa-0000-4000-8000-000000000002'
const boot = (id: string, count: number, greeting: number): Boot => ({ id, count, greeting })

it.each([
  ['the first of all', boot(one, 1, 1), null, 'newest'],
  ['the next start', boot(two, 8, 1), boot(one, 7, 5), 'newest'],
  ['a start after some that never came through', boot(two, 12, 1), boot(one, 7, 5), 'newest'],
  ['the same start on another connection', boot(one, 7, 6), boot(one, 7, 5), 'newest'],
  ['an earlier start, once a later one has greeted', boot(one, 7, 9), boot(two, 8, 1), 'behind'],
  ['an earlier greeting of this start, which was slow', boot(one, 7, 4), boot(one, 7, 5), 'behind'],
  ['a greeting that is said twice', boot(one, 7, 5), boot(one, 7, 5), 'behind'],
  ['two starts from one home', boot(two, 7, 1), boot(one, 7, 5), 'forked'],
] as const)('knows %s', (_, said, known, standing) => expect(standingOf(said, known)).toBe(standing))

it('signs every part of a greeting: none can be exchanged under the signature', () => {
  const said = { nonce: 'n', nodeId: NodeId.parse('node'), boot: boot(one, 1, 2) }
  const others = [
    { ...said, nonce: 'm' },
    { ...said, nodeId: NodeId.parse('other') },
    { ...said, boot: boot(two, 1, 2) },
    { ...said, boot: boot(one, 2, 2) },
    { ...said, boot: boot(one, 1, 3) },
  ]
  expect(new Set([said, ...others].map(greetingStatement)).size).toBe(6)
})
