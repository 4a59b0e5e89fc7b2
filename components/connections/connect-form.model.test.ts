import { describe, expect, it } from 'vitest'
import {
  type Accepts,
  checkerOf,
  connectInput,
  emptyFields,
  isComplete,
  kindChoices,
  withKey,
} from '#components/connections/connect-form.model.ts'

const accepts: Accepts = [
  {
    kind: 'api-key',
    providers: [
      { id: 'openai', name: 'OpenAI', keyHint: 'sk-proj-…', keyPage: null },
      { id: 'custom', name: 'Custom', keyHint: null, keyPage: null },
    ],
    dialects: ['openai-responses', 'openai-chat'],
  },
  { kind: 'auth-file', format: 'codex', path: '.codex/auth.json', pathHint: '~/.codex/auth.json', signIn: true, checkedBy: 'OpenAI' },
  { kind: 'oauth-token', issuer: 'anthropic', issuerName: 'Anthropic', signIn: false, checkedBy: null },
]
const place = { accepts, harness: 'codex', scope: 'user', projectId: undefined, onRefused: 'reject' } as const
const fields = emptyFields(accepts)

it('begins with what the harness takes first', () => {
  expect(fields).toMatchObject({ kind: 'api-key', provider: 'openai', dialect: 'openai-responses' })
  expect(emptyFields([])).toMatchObject({ kind: 'api-key', provider: 'custom', dialect: '' })
})

it('begins a replacement as what it replaces, without the secret', () => {
  const credential = { kind: 'api-key', provider: 'custom', baseUrl: 'https://llm.acme.example/v1', dialect: 'openai-chat' }
  expect(emptyFields(accepts, { credential, settings: { models: 'a, b' } } as never)).toEqual({
    ...fields,
    provider: 'custom',
    baseUrl: 'https://llm.acme.example/v1',
    dialect: 'openai-chat',
    models: 'a, b',
  })
  expect(emptyFields(accepts, { credential: { kind: 'auth-file' }, settings: {} } as never)).toEqual({ ...fields, kind: 'auth-file' })
})

it('says each kind in words of its own, and who is asked about it', () => {
  expect(kindChoices(accepts).map(({ label }) => label)).toEqual(['Key, billed by use', 'ChatGPT account', 'Setup token'])
  expect(checkerOf(fields, accepts)).toBe('OpenAI')
  expect(checkerOf({ ...fields, provider: 'custom' }, accepts)).toBe('the provider')
  expect(checkerOf({ ...fields, kind: 'auth-file' }, accepts)).toBe('OpenAI')
  expect(checkerOf({ ...fields, kind: 'oauth-token' }, accepts)).toBe(null)
})

describe('connectInput', () => {
  it('sends a key without what belongs to a custom provider', () => {
    expect(connectInput({ ...fields, key: ' sk-1 ', baseUrl: 'https://left.over', models: 'left-over' }, place)).toEqual({
      harness: 'codex',
      scope: 'user',
      onRefused: 'reject',
      secret: { kind: 'api-key', provider: 'openai', key: 'sk-1' },
    })
  })

  it('sends address, dialect and models of a custom provider, and the project', () => {
    const custom = {
      ...fields,
      provider: 'custom',
      key: 'k',
      baseUrl: ' https://llm.acme.example/v1 ',
      dialect: 'openai-chat',
      models: ' a, b ',
    }
    expect(connectInput(custom, { ...place, scope: 'project', projectId: 'p1' })).toEqual({
      harness: 'codex',
      scope: 'project',
      projectId: 'p1',
      onRefused: 'reject',
      secret: { kind: 'api-key', provider: 'custom', key: 'k', baseUrl: 'https://llm.acme.example/v1', dialect: 'openai-chat' },
      settings: { models: 'a, b' },
    })
  })

  it('sends a login file as it is, byte for byte', () => {
    expect(connectInput({ ...fields, kind: 'auth-file', file: ' {"tokens": 1}\n' }, place).secret).toEqual({
      kind: 'auth-file',
      format: 'codex',
      contents: ' {"tokens": 1}\n',
    })
  })

  it('sends a subscription token', () => {
    expect(connectInput({ ...fields, kind: 'oauth-token', token: ' t ' }, place).secret).toEqual({
      kind: 'oauth-token',
      issuer: 'anthropic',
      token: 't',
    })
  })
})

it.each([
  ['openai', 'sk-or-v1-abc', 'openrouter'],
  ['openai', ' gsk_abc', 'groq'],
  ['groq', 'sk-proj-abc', 'openai'],
  ['groq', 'sk-abc', 'groq'],
  ['groq', '', 'groq'],
  ['custom', 'gsk_abc', 'custom'],
])('from %s, the key %j chooses %s', (provider, key, chosen) => {
  const hint = (id: string, keyHint: string | null) => ({ id, name: id, keyHint, keyPage: null })
  const providers = [
    hint('openai', 'sk-proj-…'),
    hint('openrouter', 'sk-or-v1-…'),
    hint('groq', 'gsk_…'),
    hint('deepseek', 'sk-…'),
    hint('custom', null),
  ]
  expect(withKey({ provider }, key, [{ kind: 'api-key', providers, dialects: [] }])).toEqual({ key, provider: chosen })
})

it.each([
  [{}, false],
  [{ key: 'k' }, true],
  [{ key: 'k', provider: 'custom' }, false],
  [{ key: 'k', provider: 'custom', baseUrl: 'https://x' }, true],
  [{ kind: 'auth-file', key: 'k' }, false],
  [{ kind: 'auth-file', file: '{}' }, true],
  [{ kind: 'oauth-token', token: ' ' }, false],
  [{ kind: 'oauth-token', token: 't' }, true],
] as const)('%j is complete: %s', (change, complete) => expect(isComplete({ ...fields, ...change })).toBe(complete))
