import { describe, expect, it } from 'vitest'
import { signInStates } from '#core/connections/sign-in.ts'
import { hostOf, type SignIn, stageOf } from '#components/connections/sign-in.model.ts'

const signIn = (change: Partial<SignIn>): SignIn => ({
  signInId: 'id',
  harness: 'codex',
  harnessName: 'Codex',
  scope: 'user',
  projectId: null,
  state: 'starting',
  asks: 'confirm',
  url: null,
  userCode: null,
  installing: null,
  nodeName: 'here',
  expiresAt: '2026-01-01T00:15:00.000Z',
  failure: null,
  connectionId: null,
  ...change,
})
const stage = (change: Partial<SignIn>) => stageOf(signIn(change), 'Codex')

describe('the dialog', () => {
  it('says what is going on before there is a link', () => {
    expect(stageOf(undefined, 'Codex')).toEqual(stage({ state: 'waiting-for-node', nodeName: null }))
    expect(stage({})).toMatchObject({ is: 'working', words: 'Starting Codex on here', fraction: null })
    expect(stage({ installing: { fraction: 0.4, detail: '40 MB' } })).toEqual({
      is: 'working',
      words: 'Installing Codex on here',
      fraction: 0.4,
      detail: '40 MB',
    })
    expect(stage({ state: 'connecting' })).toMatchObject({ is: 'working' })
  })

  it('shows the link, with a code or without', () => {
    const url = 'https://auth.openai.com/codex/device'
    const shown = { state: 'waiting-for-person', url } as const
    expect(stage({ ...shown, userCode: 'ABCD-12345' })).toEqual({
      is: 'link',
      url,
      userCode: 'ABCD-12345',
      asks: 'confirm',
      expiresAt: '2026-01-01T00:15:00.000Z',
    })
    expect(stage({ ...shown, asks: 'paste' })).toMatchObject({ is: 'link', userCode: null, asks: 'paste' })
    expect(hostOf(url)).toBe('auth.openai.com')
  })

  it('ends with a connection, or with a reason', () => {
    expect(stage({ state: 'connected', connectionId: 'c' })).toEqual({ is: 'connected', connectionId: 'c' })
    const failure = { code: 'sign-in.too-late', facts: {} } as const
    expect(stage({ state: 'expired', failure })).toEqual({ is: 'over', failure })
    expect(stage({ state: 'cancelled' })).toEqual({ is: 'over', failure: null })
  })

  it('looks like something in every state', () => {
    for (const state of signInStates) expect(stage({ state }).is).toBeTruthy()
  })
})
