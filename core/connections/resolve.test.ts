import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scopes, type Attachment, type Credential, type Scope } from '#core/connections/connection.ts'
import { resolve, type Verdict } from '#core/connections/resolve.ts'
import { attachment, credential } from '#core/connections/testing.ts'
import { failures, type FailureCode } from '#core/errors.ts'
import { codex } from '#core/harnesses/codex.ts'
import { harnesses } from '#core/harnesses/registry.ts'
import { Dialect } from '#core/providers/dialects.ts'

const login = (given: Partial<Credential> = {}) =>
  ({ credential: credential({ kind: 'auth-file', provider: null, format: 'codex', name: 'Login', ...given }) }) as const

/** Every state of one scope, and what it makes of the search. */
const states = {
  absent: { row: null, verdict: 'inherit' },
  'a key that works': { row: {}, verdict: 'used' },
  'a login that works': { row: login(), verdict: 'used' },
  'switched off': { row: { isEnabled: false }, verdict: 'connection.disabled' },
  'switched off and broken': { row: { isEnabled: false, ...login({ brokenCode: 'login.lost' }) }, verdict: 'connection.disabled' },
  unreadable: { row: { credential: credential({ isReadable: false }) }, verdict: 'connection.unreadable' },
  'unreadable and broken': {
    row: { credential: credential({ isReadable: false, brokenCode: 'provider.refused-key' }) },
    verdict: 'connection.unreadable',
  },
  'a refused key': { row: { credential: credential({ brokenCode: 'provider.refused-key' }) }, verdict: 'connection.broken' },
  'a login refused by its program': { row: login({ brokenCode: 'agent.signed-out' }), verdict: 'connection.broken' },
  'an expired login': { row: login({ isExpired: true }), verdict: 'login.expired' },
  'a login that its vendor says is expired': { row: login({ brokenCode: 'login.expired' }), verdict: 'login.expired' },
  'a login renewed elsewhere': { row: login({ brokenCode: 'login.elsewhere', isExpired: true }), verdict: 'login.elsewhere' },
  'a login that signed itself out': { row: login({ brokenCode: 'login.lost' }), verdict: 'login.lost' },
  'another provider’s key': { row: { credential: credential({ provider: 'mistral' }) }, verdict: 'connection.refused-by-harness' },
  'another program’s login': { row: login({ format: 'claude' }), verdict: 'connection.refused-by-harness' },
} as const satisfies Record<string, { row: Partial<Attachment> | null; verdict: Verdict }>
type State = keyof typeof states
const names = Object.keys(states) as State[]

const at = (scope: Scope, state: State): Attachment[] => {
  const { row } = states[state]
  return row ? [attachment({ scope, ...row })] : []
}

const fits = {
  'a key that works': {
    via: 'proxy',
    provider: 'openai',
    dialect: 'openai-responses',
    baseUrl: 'https://api.openai.com/v1',
    authHeader: 'authorization-bearer',
  },
  'a login that works': { via: 'file', format: 'codex', serves: { provider: 'openai', dialect: 'openai-responses' } },
} as const

describe.each(names)('with the project’s own: %s', (project) => {
  it('every state of the person and of the platform', () => {
    for (const user of names) {
      for (const platform of names) {
        const row = { project, user, platform }
        const first = scopes.find((scope) => row[scope] !== 'absent')
        const asked = first ? scopes.slice(0, scopes.indexOf(first) + 1) : scopes
        const trace = asked.map((scope) => ({ scope, verdict: states[row[scope]].verdict }))
        const resolved = resolve(
          scopes.flatMap((scope) => at(scope, row[scope])),
          codex,
        )
        const state = first && row[first]
        const expected =
          state === 'a key that works' || state === 'a login that works'
            ? { ok: true, attachment: attachment({ scope: first!, ...states[state].row }), fit: fits[state], trace }
            : { ok: false, code: state ? states[state].verdict : 'connection.missing', trace }
        expect({ row, resolved }).toEqual({ row, resolved: expected })
      }
    }
  })
})

describe('whatever stands there', () => {
  const anyCredential = fc.record({
    kind: fc.constantFrom('api-key' as const, 'auth-file' as const, 'oauth-token' as const),
    provider: fc.option(fc.constantFrom('openai', 'anthropic', 'openrouter', 'mistral', 'custom', 'nobody')),
    format: fc.option(fc.constantFrom('codex', 'claude', 'opencode', 'other')),
    issuer: fc.option(fc.constantFrom('anthropic', 'other')),
    baseUrl: fc.option(fc.constantFrom('https://llm.example.org/v1', 'not a url')),
    dialect: fc.option(fc.constantFrom(...Dialect.options)),
    isReadable: fc.boolean(),
    isExpired: fc.boolean(),
    brokenCode: fc.option(fc.constantFrom(...(Object.keys(failures) as FailureCode[]))),
  })
  const anyAttachment = (scope: Scope) =>
    fc
      .record({ harness: fc.constantFrom(...harnesses.map(({ id }) => id)), isEnabled: fc.boolean(), credential: anyCredential })
      .map((given) => attachment({ ...given, scope, credential: credential(given.credential) }))
  const anyPlaces = fc.tuple(...scopes.map((scope) => fc.uniqueArray(anyAttachment(scope), { selector: ({ harness }) => harness })))

  it('nothing but absence falls through, and nothing further away changes what is nearer', () => {
    fc.assert(
      fc.property(fc.constantFrom(...harnesses), anyPlaces, anyPlaces, (harness, places, others) => {
        const own = places.flat().filter((each) => each.harness === harness.id)
        const nearest = scopes.find((scope) => own.some((each) => each.scope === scope))
        const resolution = resolve(places.flat(), harness)
        expect(resolution.trace.map((step) => step.verdict === 'inherit')).toEqual(
          nearest ? scopes.slice(0, scopes.indexOf(nearest) + 1).map((scope) => scope !== nearest) : [true, true, true],
        )
        if (!nearest) {
          expect(resolution).toMatchObject({ ok: false, code: 'connection.missing' })
          return
        }
        const last = resolution.trace.at(-1)
        expect(last).toEqual({ scope: nearest, verdict: resolution.ok ? 'used' : resolution.code })
        expect(last!.verdict).not.toBe('connection.missing')
        if (resolution.ok) expect(resolution.attachment).toBe(own.find((each) => each.scope === nearest))
        const nearer = places.flat().filter((each) => scopes.indexOf(each.scope) <= scopes.indexOf(nearest))
        const further = others.flat().filter((each) => scopes.indexOf(each.scope) > scopes.indexOf(nearest))
        expect(resolve([...further, ...nearer], harness)).toEqual(resolution)
      }),
      { numRuns: 400 },
    )
  })
})

it('stops at a disabled override instead of spending the user credential', () => {
  const user = attachment({ scope: 'user' })
  const disabled = attachment({ scope: 'project', isEnabled: false })
  expect(resolve([user, disabled], codex)).toEqual({
    ok: false,
    code: 'connection.disabled',
    trace: [{ scope: 'project', verdict: 'connection.disabled' }],
  })
})

it('does not see what is attached to another harness', () => {
  expect(resolve([attachment({ scope: 'project', harness: 'opencode' })], codex)).toMatchObject({ ok: false, code: 'connection.missing' })
})
