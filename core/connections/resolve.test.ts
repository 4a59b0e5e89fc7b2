import { describe, expect, it } from 'vitest'
import { scopes, type Scope } from '#core/connections/connection.ts'
import { resolve, type ConnectionFailure } from '#core/connections/resolve.ts'
import { attachment, credential } from '#core/connections/testing.ts'
import { codex } from '#core/harnesses/codex.ts'

/** Every state of one scope, and what it makes of the search. */
const states = {
  absent: null,
  usable: {},
  disabled: { isEnabled: false },
  unreadable: { credential: credential({ isReadable: false }) },
  broken: { credential: credential({ brokenCode: 'provider.refused-key' }) },
  unfitting: { credential: credential({ provider: 'mistral' }) },
} as const
type State = keyof typeof states

const failures: Partial<Record<State, ConnectionFailure>> = {
  disabled: 'connection.disabled',
  unreadable: 'connection.unreadable',
  broken: 'connection.broken',
  unfitting: 'connection.refused-by-harness',
}

const at = (scope: Scope, state: State) => (states[state] ? [attachment({ scope, ...states[state] })] : [])

describe('every state of every scope', () => {
  const names = Object.keys(states) as State[]
  const table = names.flatMap((project) => names.flatMap((user) => names.map((platform) => ({ project, user, platform }))))

  it.each(table)('project $project, user $user, platform $platform', (row) => {
    const attachments = scopes.flatMap((scope) => at(scope, row[scope]))
    const first = scopes.find((scope) => row[scope] !== 'absent')
    const inherited = scopes.slice(0, first ? scopes.indexOf(first) : 3).map((scope) => ({ scope, verdict: 'inherit' }))
    if (!first) {
      expect(resolve(attachments, codex)).toEqual({ ok: false, code: 'connection.missing', trace: inherited })
      return
    }
    const code = failures[row[first]]
    const trace = [...inherited, { scope: first, verdict: code ?? 'used' }]
    expect(resolve(attachments, codex)).toEqual(
      code
        ? { ok: false, code, trace }
        : {
            ok: true,
            attachment: attachment({ scope: first }),
            fit: {
              via: 'proxy',
              provider: 'openai',
              dialect: 'openai-responses',
              baseUrl: 'https://api.openai.com/v1',
              authHeader: 'authorization-bearer',
            },
            trace,
          },
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
