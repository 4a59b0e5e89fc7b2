import { expect, it } from 'vitest'
import { type Hit, hitHref, hitWords, messageInAddress } from '#components/search/search.model.ts'

const hit = (over: Partial<Hit>) =>
  ({ projectId: 'p 1', chatId: 'c', kind: 'reply', turnId: 't', messageId: 'm/&?', byName: null, ...over }) as Hit

it('leads to the message, and is read there', () => {
  const { pathname, searchParams } = new URL(hitHref(hit({})), 'http://here')
  expect(pathname).toBe('/projects/p%201/chats/c')
  expect(messageInAddress(searchParams)).toEqual({ turnId: 't', messageId: 'm/&?' })
  expect(messageInAddress(new URL(hitHref(hit({ messageId: null })), 'http://here').searchParams)).toEqual({ turnId: 't', messageId: null })
  expect(hitHref(hit({ turnId: null, messageId: null }))).toBe('/projects/p%201/chats/c')
  expect(messageInAddress(new URLSearchParams())).toBe(null)
})

it('says whose words they are', () => {
  expect(hitWords(hit({}), 'Codex')).toBe('Reply of Codex')
  expect(hitWords(hit({ kind: 'prompt', byName: 'Mei' }), 'Codex')).toBe('Prompt by Mei')
  expect(hitWords(hit({ kind: 'title' }), 'Codex')).toBe('Name of the chat')
})
