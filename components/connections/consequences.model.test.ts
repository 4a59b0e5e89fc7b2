import { expect, it } from 'vitest'
import { afterwardsSentence, stoppedNote } from '#components/connections/consequences.model.ts'

const around = { harnessName: 'Codex', act: 'disconnect', scope: 'project' } as const

it.each([
  [{ state: 'active', scope: 'user', credentialName: 'Own key' }, 'Codex runs on Own key (yours).'],
  [{ state: 'disabled', scope: 'user', credentialName: 'Own key' }, 'Codex is off: Own key (yours) is disabled.'],
  [{ state: 'broken', scope: 'platform', credentialName: 'Acme key' }, 'Codex cannot run: Acme key (everybody’s) is broken.'],
  [{ state: 'missing', scope: null, credentialName: null }, 'Codex has no connection in this project until you connect one.'],
] as const)('%j: %s', (then, sentence) => expect(afterwardsSentence(then, around)).toBe(sentence))

it('says that nothing takes the place of what is disabled', () => {
  const then = { state: 'disabled', scope: 'user', credentialName: 'Own key' } as const
  expect(afterwardsSentence(then, { ...around, act: 'disable', scope: 'user' })).toBe(
    'Codex is off for you until somebody enables it or takes this one away.',
  )
})

it('names what has stopped, and counts what is private', () => {
  expect(stoppedNote({ stops: [], privateStops: 0 })).toBe(undefined)
  expect(stoppedNote({ stops: [{ title: 'Fix it' }, { title: '' }], privateStops: 1 })).toBe('Stopped: Fix it, a new chat, a private chat')
  expect(stoppedNote({ stops: [], privateStops: 2 })).toBe('Stopped: 2 private chats')
})
