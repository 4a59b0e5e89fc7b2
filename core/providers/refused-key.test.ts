import { expect, it } from 'vitest'
import { refusesKey } from '#core/providers/refused-key.ts'

const google = JSON.stringify({
  error: { code: 400, status: 'INVALID_ARGUMENT', details: [{ reason: 'API_KEY_INVALID', domain: 'googleapis.com' }] },
})
const echoed = JSON.stringify({ error: { code: 400, message: 'Unknown field "reason": "API_KEY_INVALID"' } })

it.each([
  [401, '', false, true],
  [401, '{}', true, true],
  [403, '{}', true, true],
  [403, '<html>', false, false],
  [400, google, true, true],
  [400, echoed, true, false],
  [400, '{}', true, false],
  [429, google, true, false],
])('%i with %s: %s %s', (status, text, isJson, expected) => expect(refusesKey(status, { text, isJson })).toBe(expected))
