import { describe, expect, it } from 'vitest'
import { judgeSecret, modelList, type Secret } from '#core/connections/secret.ts'
import { findHarness } from '#core/harnesses/registry.ts'

const judge = (harness: string, secret: Secret) => judgeSecret(findHarness(harness)!, secret)
const key = (provider: string, text: string, more: object = {}): Secret => ({ kind: 'api-key', provider, key: text, ...more })
const nothing = { provider: null, format: null, issuer: null, baseUrl: null, dialect: null }

it('trims a pasted key and keeps nothing else of it', () => {
  expect(judge('codex', key('openai', ' sk-proj-12345678\n'))).toEqual({
    ok: true,
    material: 'sk-proj-12345678',
    credential: { ...nothing, kind: 'api-key', provider: 'openai' },
  })
})

describe('keys that are none', () => {
  const table: [string, Secret, object][] = [
    ['claude-code', key('anthropic', '   '), { field: 'key', problem: 'empty' }],
    ['claude-code', key('anthropic', 'sk-ant-api03 12345678'), { field: 'key', problem: 'spaces' }],
    ['claude-code', key('anthropic', 'sk-ant-api03\n12345678'), { field: 'key', problem: 'spaces' }],
    ['claude-code', key('anthropic', 'sk-ant-api03-схлюсс'), { field: 'key', problem: 'characters' }],
    ['claude-code', key('anthropic', 'short'), { field: 'key', problem: 'too-short' }],
    ['claude-code', key('anthropic', 'sk-ant-oat01-12345678'), { field: 'key', problem: 'looks-like-oauth-token', owner: 'oauth-token' }],
    ['opencode', key('openai', 'sk-ant-api03-12345678'), { field: 'key', problem: 'other-provider', owner: 'anthropic' }],
    ['opencode', key('openai', 'gsk_12345678'), { field: 'key', problem: 'other-provider', owner: 'groq' }],
    ['opencode', key('nobody', '12345678'), { field: 'provider', problem: 'unknown' }],
    ['codex', key('openai', 'sk-proj-12345678', { baseUrl: 'https://evil.example' }), { field: 'baseUrl', problem: 'only-custom' }],
    ['codex', key('custom', 'k'), { field: 'baseUrl', problem: 'missing' }],
    ['codex', key('custom', 'k', { baseUrl: 'llm.example.org' }), { field: 'baseUrl', problem: 'not-a-url' }],
    ['codex', key('custom', 'k', { baseUrl: 'https://user:pass@llm.example.org' }), { field: 'baseUrl', problem: 'not-a-url' }],
    ['codex', key('custom', 'k', { baseUrl: 'https://llm.example.org/?to=elsewhere' }), { field: 'baseUrl', problem: 'not-a-url' }],
    ['codex', { kind: 'auth-file', format: 'codex', contents: '' }, { field: 'contents', problem: 'empty' }],
    ['codex', { kind: 'auth-file', format: 'codex', contents: 'OPENAI' }, { field: 'contents', problem: 'not-json' }],
    [
      'claude-code',
      { kind: 'oauth-token', issuer: 'anthropic', token: 'sk-ant-api03-12345678' },
      { field: 'token', problem: 'looks-like-api-key' },
    ],
  ]
  it.each(table)('%s %j', (harness, secret, facts) => {
    expect(judge(harness, secret)).toEqual({ ok: false, code: 'credential.malformed', facts })
  })
})

describe('login files', () => {
  const file = (format: string, contents: unknown): Secret => ({ kind: 'auth-file', format, contents: JSON.stringify(contents) })
  it('are kept as they were written', () => {
    const contents = '{\n "tokens": { "access_token": "a", "refresh_token": "r", "id_token": "i" } }\n'
    expect(judge('codex', { kind: 'auth-file', format: 'codex', contents })).toEqual({
      ok: true,
      material: contents,
      credential: { ...nothing, kind: 'auth-file', format: 'codex' },
    })
    expect(judge('claude-code', file('claude', { claudeAiOauth: { accessToken: 'a', refreshToken: 'r' } }))).toMatchObject({ ok: true })
    expect(judge('opencode', file('opencode', { anthropic: { type: 'oauth', access: 'a' } }))).toMatchObject({ ok: true })
  })
  it('are not an API key in disguise, nor a blanked login', () => {
    for (const [harness, secret] of [
      ['codex', file('codex', { auth_mode: 'apikey', OPENAI_API_KEY: 'sk-proj-12345678' })],
      ['claude-code', file('claude', { claudeAiOauth: { accessToken: '' } })],
      ['opencode', file('opencode', { openai: { type: 'api', key: 'sk-proj-12345678' } })],
      ['opencode', file('opencode', {})],
    ] as const) {
      expect(judge(harness, secret)).toMatchObject({ ok: false, code: 'credential.malformed', facts: { problem: 'not-a-login' } })
    }
  })
})

it('takes no login file with an API key beside the login, since its runs would read that', () => {
  const tokens = { access_token: 'a', refresh_token: 'r' }
  const judged = (more: object) => judge('codex', { kind: 'auth-file', format: 'codex', contents: JSON.stringify({ ...more, tokens }) })
  for (const none of [{}, { OPENAI_API_KEY: null }, { OPENAI_API_KEY: '' }]) expect(judged(none)).toMatchObject({ ok: true })
  for (const key of ['sk-proj-12345678', ' ', 1, ['sk-proj-12345678']])
    expect(judged({ OPENAI_API_KEY: key })).toEqual({
      ok: false,
      code: 'credential.malformed',
      facts: { field: 'contents', problem: 'holds-api-key', format: 'codex' },
    })
})

it('refuses what is in order, but not for this harness', () => {
  expect(judge('codex', key('anthropic', 'sk-ant-api03-12345678'))).toEqual({
    ok: false,
    code: 'connection.refused-by-harness',
    facts: { harness: 'codex', kind: 'api-key', provider: 'anthropic' },
  })
  expect(
    judge('opencode', { kind: 'auth-file', format: 'codex', contents: '{"tokens":{"access_token":"a","refresh_token":"r"}}' }),
  ).toMatchObject({
    code: 'connection.refused-by-harness',
    facts: { harness: 'opencode', kind: 'auth-file' },
  })
  expect(judge('codex', key('custom', 'k', { baseUrl: 'https://llm.example.org', dialect: 'openai-chat' }))).toMatchObject({
    code: 'connection.refused-by-harness',
  })
})

it('takes the harness’s own dialect for a custom provider that names none', () => {
  const custom = key('custom', 'EMPTY', { baseUrl: 'https://llm.example.org/' })
  const dialectOf = (harness: string) => judge(harness, custom)
  expect(dialectOf('codex')).toMatchObject({ ok: true, credential: { dialect: 'openai-responses', baseUrl: 'https://llm.example.org' } })
  expect(dialectOf('claude-code')).toMatchObject({ ok: true, credential: { dialect: 'anthropic-messages' } })
  expect(dialectOf('opencode')).toMatchObject({ ok: true, credential: { dialect: 'openai-chat' } })
})

it('reads a list of models, each once', () => {
  expect(modelList(' llama-4, qwen ,, llama-4')).toEqual(['llama-4', 'qwen'])
})
