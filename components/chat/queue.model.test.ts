import { expect, it } from 'vitest'
import { placeAfterMove } from '#components/chat/queue.model.ts'

it.each([
  ['b', -1, { before: 'a', place: 1 }],
  ['c', -1, { before: 'b', place: 2 }],
  ['a', 1, { before: 'c', place: 2 }],
  ['b', 1, { before: null, place: 3 }],
  ['a', -1, null],
  ['c', 1, null],
  ['gone', 1, null],
] as const)('%s by %i', (id, by, to) => {
  expect(placeAfterMove(['a', 'b', 'c'], id, by)).toEqual(to)
})
