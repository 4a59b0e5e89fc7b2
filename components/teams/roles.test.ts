import { expect, it } from 'vitest'
import { isLastAdmin } from '#components/teams/roles.ts'

const ada = { userId: 'ada', role: 'admin' } as const
const mei = { userId: 'mei', role: 'member' } as const

it('finds the last admin', () => {
  expect(isLastAdmin(ada, [ada, mei])).toBe(true)
  expect(isLastAdmin(ada, [ada, { ...mei, role: 'admin' }])).toBe(false)
  expect(isLastAdmin(mei, [ada, mei])).toBe(false)
})
