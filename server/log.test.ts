import { expect, it } from 'vitest'
import { withoutTokens } from '#server/log.ts'

it.each(['pat', 'wst', 'wsr', 'njt', 'inv', 'set'])('writes no token of the kind %s', (kind) => {
  const token = `${kind}_${'aZ0-_'.repeat(8)}`
  expect(withoutTokens(`{"url":"/x?code=${token}","said":"${token}."}`)).toBe(`{"url":"/x?code=${kind}_…","said":"${kind}_…."}`)
})

it('writes no path of the proxy, which holds a token whatever it looks like', () => {
  expect(withoutTokens('POST /ai/proxy/anything/openai/v1/responses?x')).toBe('POST /ai/proxy/…/openai/v1/responses?x')
})
