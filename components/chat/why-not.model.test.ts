import { describe, expect, it } from 'vitest'
import { payerWords, type Payer } from '#components/chat/payer.model.ts'
import { whyNotPrompt } from '#components/chat/why-not.model.ts'

type Chat = Parameters<typeof whyNotPrompt>[0]['chat']

const payer: NonNullable<Payer> = {
  scope: 'project',
  credentialName: 'Acme Anthropic',
  providerName: 'Anthropic',
  kind: 'api-key',
  isShared: false,
}
const chat = (over: Partial<Chat> = {}): Chat => ({
  mayPrompt: false,
  mayManage: false,
  isHandedOver: false,
  payer,
  createdBy: 'mei' as Chat['createdBy'],
  createdByName: 'Mei',
  projectId: 'p 1' as Chat['projectId'],
  harness: 'claude-code',
  harnessName: 'Claude Code',
  ...over,
})
const why = (over: Partial<Chat>, role = 'member', rest: { isArchived?: boolean; code?: 'connection.disabled' } = {}) =>
  whyNotPrompt({ chat: chat(over), me: { user: { userId: 'ada' }, team: { role } }, isArchived: false, code: null, ...rest })

describe('why nobody may prompt', () => {
  it('says nothing to whoever may', () => expect(why({ mayPrompt: true })).toBeNull())
  it('says first that the chat is over', () =>
    expect(why({ mayPrompt: true }, 'admin', { isArchived: true })?.sentence).toBe('This chat is archived, so it takes no prompts.'))
  it('and offers to bring it back to whoever may', () => {
    expect(why({}, 'admin', { isArchived: true })?.action).toBe(null)
    expect(why({ mayManage: true }, 'admin', { isArchived: true })?.action).toEqual({ label: 'Bring back', act: 'unarchive' })
  })
  it('sends a viewer to an admin', () => expect(why({}, 'viewer')?.action).toEqual({ label: 'See who is admin', href: '/team' }))
  it('names the owner of a personal credential, and the way to one’s own', () =>
    expect(why({ payer: { ...payer, scope: 'user' } })).toEqual({
      sentence: 'This chat runs on Mei’s personal credential, so only they may prompt it.',
      action: { label: 'Fork', act: 'fork' },
    }))
  it('offers to connect when nobody pays, in the words of what is wrong', () => {
    expect(why({ payer: null })?.action?.label).toBe('Connect')
    expect(why({ payer: null }, 'member', { code: 'connection.disabled' })?.sentence).toMatch(/switched off/)
  })
  it('says of a chat that was handed over why it takes no login', () =>
    expect(why({ payer: null, isHandedOver: true })?.sentence).toMatch(/^This chat was handed over/))
  it('says of a login that only whoever signed in with it may prompt', () =>
    expect(why({ payer: { ...payer, kind: 'auth-file' } })?.sentence).toBe(
      'This chat runs on somebody’s own login, so only they may prompt it.',
    ))
  it('has a word for whatever else it may be', () =>
    expect(why({})?.sentence).toBe('You may read this chat, but not prompt Claude Code in it.'))
})

it('says who pays in few words', () => {
  expect(payerWords(payer)).toBe('Project key · Acme Anthropic')
  expect(payerWords({ ...payer, scope: 'user', isShared: true })).toBe('Shared personal key · Acme Anthropic')
  expect(payerWords({ ...payer, scope: 'user', kind: 'oauth-token' })).toBe('Personal subscription · Acme Anthropic')
  expect(payerWords(null)).toBeNull()
})
