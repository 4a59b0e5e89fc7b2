import { describe, expect, it } from 'vitest'
import { proxyRoutes } from '#core/links/proxy-routes.ts'
import { providers } from '#core/providers/presets.ts'
import { normalBaseUrl } from '#core/providers/provider.ts'

describe('a typed base URL', () => {
  it.each([
    ['openai-chat', 'https://llm.example.org', 'https://llm.example.org/v1'],
    ['openai-chat', ' https://llm.example.org/ ', 'https://llm.example.org/v1'],
    ['openai-responses', 'https://llm.example.org/v1/', 'https://llm.example.org/v1'],
    ['openai-chat', 'http://127.0.0.1:11434', 'http://127.0.0.1:11434/v1'],
    ['openai-chat', 'https://llm.example.org/api/v3', 'https://llm.example.org/api/v3'],
    ['anthropic-messages', 'https://llm.example.org/v1', 'https://llm.example.org'],
    ['anthropic-messages', 'https://llm.example.org/anthropic', 'https://llm.example.org/anthropic'],
    ['gemini-generate', 'https://llm.example.org/v1beta/', 'https://llm.example.org'],
  ] as const)('%s at %s is %s', (dialect, typed, normal) => {
    expect(normalBaseUrl(dialect, typed)).toBe(normal)
    expect(normalBaseUrl(dialect, normal)).toBe(normal)
  })

  it.each([
    '',
    'llm.example.org',
    'ftp://x',
    'https://a:b@x',
    'https://x/?q',
    'https://x/#h',
    'https://x/a%2fb',
    'https://x//y',
    'file:///etc',
  ])('is not %s', (typed) => expect(normalBaseUrl('openai-chat', typed)).toBeNull())
})

it('has presets in the form that joining needs: https, normal, no slash at the end', () => {
  for (const { endpoints } of providers) {
    for (const { dialect, baseUrl } of endpoints) {
      expect(baseUrl.startsWith('https://')).toBe(true)
      expect(normalBaseUrl(dialect, baseUrl)).toBe(baseUrl)
    }
  }
})

it('gives every generating call of a preset a URL that its vendor documents', () => {
  const urls = providers.flatMap(({ endpoints }) =>
    endpoints.flatMap(({ dialect, baseUrl }) =>
      proxyRoutes
        .filter((route) => route.kind === 'generate' && route.dialects[0] === dialect)
        .map((route) => `${baseUrl}${route.upstreamPath}`),
    ),
  )
  expect(urls).toEqual([
    'https://api.anthropic.com/v1/messages',
    'https://api.openai.com/v1/responses',
    'https://api.openai.com/v1/chat/completions',
    'https://openrouter.ai/api/v1/chat/completions',
    'https://openrouter.ai/api/v1/responses',
    'https://openrouter.ai/api/v1/messages',
    'https://api.groq.com/openai/v1/chat/completions',
    'https://api.groq.com/openai/v1/responses',
    'https://api.deepseek.com/v1/chat/completions',
    'https://api.deepseek.com/anthropic/v1/messages',
    'https://api.mistral.ai/v1/chat/completions',
    'https://api.cohere.ai/compatibility/v1/chat/completions',
    'https://generativelanguage.googleapis.com/v1beta/models/{model}:generateContent',
    'https://generativelanguage.googleapis.com/v1beta/models/{model}:streamGenerateContent',
    'https://generativelanguage.googleapis.com/v1beta/openai/chat/completions',
  ])
})
