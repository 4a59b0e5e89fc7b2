import { expect, it } from 'vitest'
import { openChatsWords } from '#components/connections/scope-words.ts'

it('says whose chats are open, wherever a login is connected for more than oneself', () => {
  for (const kind of ['auth-file', 'oauth-token'] as const) {
    for (const scope of ['project', 'platform'] as const) expect(openChatsWords(scope, kind)).toMatch(/^Your chats on this login are open/)
    expect([openChatsWords('user', kind), openChatsWords(null, kind)]).toEqual([null, null])
  }
  for (const scope of ['project', 'user', 'platform'] as const) expect(openChatsWords(scope, 'api-key')).toBeNull()
})
