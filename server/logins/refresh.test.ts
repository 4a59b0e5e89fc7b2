import { expect, it } from 'vitest'
import type { LoginFacts } from '#core/connections/login-facts.ts'
import { isEnough } from '#server/logins/refresh.ts'

const nowMs = Date.UTC(2030, 0, 1)
const minutes = (count: number) => new Date(nowMs + count * 60_000).toISOString()
const facts = (given: Partial<LoginFacts>): LoginFacts => ({
  account: null,
  person: null,
  email: null,
  plan: null,
  expiresAt: minutes(60),
  refreshedAt: null,
  scopes: [],
  canRefresh: true,
  ...given,
})

it.each<[string, Partial<LoginFacts>, { behind: boolean; same: boolean }]>([
  ['newer tokens that last', {}, { behind: true, same: false }],
  ['newer tokens that last two more minutes', { expiresAt: minutes(2) }, { behind: true, same: false }],
  ['tokens that end within seconds', { expiresAt: minutes(0.2) }, { behind: false, same: false }],
  ['tokens that have ended', { expiresAt: minutes(-1) }, { behind: false, same: false }],
  ['tokens that do not say when they end', { expiresAt: null }, { behind: true, same: false }],
  ['tokens of a moment ago, whose answer may have been lost', { refreshedAt: minutes(-1) }, { behind: true, same: true }],
  ['tokens of a while ago, which the vendor refuses before their time', { refreshedAt: minutes(-5) }, { behind: true, same: false }],
  ['young tokens that end soon all the same', { refreshedAt: minutes(-1), expiresAt: minutes(5) }, { behind: true, same: false }],
])('answers from the vault: %s', (_name, given, enough) => {
  expect({
    behind: isEnough({ facts: facts(given), isBehind: true, nowMs }),
    same: isEnough({ facts: facts(given), isBehind: false, nowMs }),
  }).toEqual(enough)
})
