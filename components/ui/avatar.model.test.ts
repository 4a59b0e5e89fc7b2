import { describe, expect, it } from 'vitest'
import { avatarHues, hueOf, initialsOf } from '#components/ui/avatar.model.ts'

describe('initialsOf', () => {
  it.each([
    ['Ada Lovelace', 'AL'],
    ['ada', 'A'],
    ['  Grace   Brewster  Hopper ', 'GH'],
    ['李 小龙', '李小'],
    ['👩‍🚀 Nova', '👩‍🚀N'],
    ['e\u0301lan vital', 'E\u0301V'],
    ['', '?'],
    ['   ', '?'],
  ])('%j reads %j', (name, initials) => expect(initialsOf(name)).toBe(initials))
})

describe('hueOf', () => {
  it('is stable and one of the palette', () => {
    expect(hueOf('user-1')).toBe(hueOf('user-1'))
    for (const key of ['', 'a', '🦊', 'user-7f3']) expect(avatarHues).toContain(hueOf(key))
  })

  it('spreads many keys over all hues', () => {
    expect(new Set(Array.from({ length: 200 }, (_, each) => hueOf(`user-${each}`))).size).toBe(avatarHues.length)
  })
})
