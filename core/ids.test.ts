import { expect, it } from 'vitest'
import { ChatId, TurnId, uuidV7 } from '#core/ids.ts'

it('reads one id in whatever case it was written', () => {
  const id = '01890000-abcd-7000-8000-00000000ef01'
  expect(TurnId.parse(id.toUpperCase())).toBe(id)
  expect(ChatId.parse(id)).toBe(id)
  expect(TurnId.safeParse('not-an-id').success).toBe(false)
})

it('mints ids of version 7 that sort by their time', () => {
  const at = (nowMs: number) => uuidV7({ nowMs, random: new Uint8Array(10).fill(255) })
  expect(at(1)).toBe('00000000-0001-7fff-bfff-ffffffffffff')
  expect([at(2 ** 40), at(2 ** 32), at(9)].toSorted()).toEqual([at(9), at(2 ** 32), at(2 ** 40)])
})
