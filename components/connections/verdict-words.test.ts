import { expect, it } from 'vitest'
import type { FailureCode } from '#core/errors.ts'
import { attachmentIn } from '#components/connections/testing.ts'
import { verdictLook } from '#components/connections/verdict-words.ts'

const login = ({ canRefresh, brokenCode }: { canRefresh: boolean; brokenCode: FailureCode | null }) => {
  const { credential, ...rest } = attachmentIn('user', 'auth-file')
  return { ...rest, credential: { ...credential, brokenCode }, login: { canRefresh } } as ReturnType<typeof attachmentIn>
}
const words = (attachment: ReturnType<typeof attachmentIn>) => {
  const { tone, say } = verdictLook('expired', attachment)
  return [tone, say('Anthropic')]
}

it('tells an access token that renews itself from a login that is over', () => {
  expect(words(login({ canRefresh: true, brokenCode: null }))).toEqual(['warn', 'Its access token has expired; the next run renews it'])
  expect(words(login({ canRefresh: true, brokenCode: 'login.expired' }))).toEqual(['bad', 'Expired'])
  expect(words(login({ canRefresh: false, brokenCode: null }))).toEqual(['bad', 'Expired'])
})
