import { describe, expect, it } from 'vitest'
import { fit } from '#core/connections/connection.ts'
import { credential } from '#core/connections/testing.ts'
import { findHarness, harnesses } from '#core/harnesses/registry.ts'
import { providers } from '#core/providers/presets.ts'

/** For each harness, the dialect in which it would use a key of each provider; absent means it cannot. */
const dialectsByHarness: Record<string, Record<string, string>> = {
  codex: { openai: 'openai-responses', openrouter: 'openai-responses', groq: 'openai-responses' },
  'claude-code': { anthropic: 'anthropic-messages', openrouter: 'anthropic-messages', deepseek: 'anthropic-messages' },
  opencode: {
    anthropic: 'anthropic-messages',
    openai: 'openai-responses',
    openrouter: 'openai-chat',
    groq: 'openai-chat',
    deepseek: 'openai-chat',
    mistral: 'openai-chat',
    cohere: 'openai-chat',
    google: 'gemini-generate',
  },
  scripted: {
    anthropic: 'anthropic-messages',
    openai: 'openai-responses',
    openrouter: 'openai-chat',
    groq: 'openai-chat',
    deepseek: 'openai-chat',
    mistral: 'openai-chat',
    cohere: 'openai-chat',
    google: 'openai-chat',
  },
}

describe('a key of every provider in every harness', () => {
  it.each(harnesses.flatMap((harness) => providers.map((provider) => [harness.id, provider.id] as const)))(
    '%s with %s',
    (harness, provider) => {
      const found = fit(findHarness(harness)!, credential({ provider }))
      const dialect = dialectsByHarness[harness]?.[provider]
      if (!dialect) return expect(found).toBeNull()
      const endpoint = providers.find(({ id }) => id === provider)!.endpoints.find((each) => each.dialect === dialect)
      return expect(found).toEqual({ via: 'proxy', provider, ...endpoint })
    },
  )
})

const login = (kind: 'auth-file' | 'oauth-token', named: string) =>
  credential({ kind, provider: null, ...(kind === 'auth-file' ? { format: named } : { issuer: named }) })

describe('a login in every harness', () => {
  const logins = [
    ['auth-file', 'codex', 'codex'],
    ['auth-file', 'claude', 'claude-code'],
    ['auth-file', 'opencode', 'opencode'],
    ['auth-file', 'scripted', 'scripted'],
    ['oauth-token', 'anthropic', 'claude-code'],
    ['oauth-token', 'scripted', 'scripted'],
    ['auth-file', 'nobody', null],
    ['oauth-token', 'openai', null],
  ] as const
  it.each(logins)('%s of %s belongs to %s alone', (kind, named, owner) => {
    const taking = harnesses.filter((harness) => fit(harness, login(kind, named))).map((harness) => harness.id)
    expect(taking).toEqual(owner === null ? [] : [owner])
  })
})

it('takes a server of one’s own in the dialect it was connected with, and at its normal base URL', () => {
  const mirror = credential({ provider: 'custom', baseUrl: 'https://llm.example.org/', dialect: 'anthropic-messages' })
  expect(fit(findHarness('claude-code')!, mirror)).toEqual({
    via: 'proxy',
    provider: 'custom',
    dialect: 'anthropic-messages',
    baseUrl: 'https://llm.example.org',
    authHeader: 'x-api-key',
  })
  expect(fit(findHarness('codex')!, mirror)).toBeNull()
  expect(fit(findHarness('codex')!, { ...mirror, dialect: null, baseUrl: 'not a url' })).toBeNull()
})

it('keeps to a dialect that the key was connected for', () => {
  const key = credential({ provider: 'openrouter', dialect: 'anthropic-messages' })
  expect(fit(findHarness('opencode')!, key)).toMatchObject({ dialect: 'anthropic-messages', baseUrl: 'https://openrouter.ai/api' })
  expect(fit(findHarness('codex')!, key)).toBeNull()
})
