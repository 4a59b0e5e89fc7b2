import { describe, expect, it } from 'vitest'
import {
  accessOf,
  isAnothers,
  isExpired,
  readLogin,
  refreshTokenOf,
  whyNotTheSame,
  withSentinel,
  withTokens,
  type LoginFacts,
} from '#core/connections/login-facts.ts'

const segment = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwt = (claims: Record<string, unknown>) => `${segment({ alg: 'RS256' })}.${segment(claims)}.signature`
const auth = (account: string) => ({ 'https://api.openai.com/auth': { chatgpt_account_id: account, chatgpt_plan_type: 'pro' } })

const EXPIRY = Date.UTC(2030, 0, 2) / 1000
const access = jwt({ exp: EXPIRY, sub: 'person-1', scp: ['profile', 'openid'], ...auth('acc-1') })
const id = jwt({ sub: 'person-1', email: 'zoë@example.org', ...auth('acc-1') })
const codexFile = (tokens: Record<string, unknown> = {}) =>
  JSON.stringify({
    auth_mode: 'chatgpt',
    OPENAI_API_KEY: null,
    tokens: { id_token: id, access_token: access, refresh_token: 'rt-1', account_id: 'acc-1', ...tokens },
    last_refresh: '2029-12-01T00:00:00Z',
    kept: { as: 'it is' },
  })

const codexFacts: LoginFacts = {
  account: 'acc-1',
  person: 'person-1',
  email: 'zoë@example.org',
  plan: 'pro',
  expiresAt: '2030-01-02T00:00:00.000Z',
  refreshedAt: '2029-12-01T00:00:00.000Z',
  scopes: ['openid', 'profile'],
  canRefresh: true,
}

describe('codex', () => {
  it('reads account, person, plan, expiry and scopes from the tokens themselves', () => {
    expect(readLogin('codex', codexFile())).toEqual({ is: 'login', facts: codexFacts })
    const opaque = codexFile({ access_token: 'opaque', id_token: 'a.%%%.c', account_id: null })
    expect(readLogin('codex', opaque)).toEqual({
      is: 'login',
      facts: { ...codexFacts, account: null, person: null, email: null, plan: null, expiresAt: null, scopes: [] },
    })
  })

  it('never lets one token hide that another is of somebody else', () => {
    const mixed = readLogin('codex', codexFile({ access_token: jwt({ exp: EXPIRY, sub: 'person-1', ...auth('acc-2') }) }))
    expect(mixed).toMatchObject({ is: 'login', facts: { account: 'acc-2+acc-1' } })
    expect(whyNotTheSame(codexFacts, (mixed as { facts: LoginFacts }).facts)).toBe('login.other-account')
  })

  it('knows a file without tokens for signed out, and other text for no login', () => {
    expect(readLogin('codex', JSON.stringify({ OPENAI_API_KEY: 'sk-x' }))).toEqual({ is: 'signed-out' })
    expect(readLogin('codex', codexFile({ access_token: '', refresh_token: null }))).toEqual({ is: 'signed-out' })
    expect(readLogin('codex', ' ')).toEqual({ is: 'signed-out' })
    for (const text of ['{"tok', '[]', '"x"', '{"tokens":"x"}']) expect(readLogin('codex', text)).toEqual({ is: 'malformed' })
    expect(readLogin('unheard-of', '{}')).toEqual({ is: 'malformed' })
  })

  it('puts a sentinel in the place of the refresh token and leaves everything else as it was', () => {
    const sealed = withSentinel('codex', codexFile(), 'wsr_x')
    expect(sealed).not.toContain('rt-1')
    expect(JSON.parse(sealed)).toEqual(JSON.parse(codexFile({ refresh_token: 'wsr_x' })))
    expect([refreshTokenOf('codex', codexFile()), refreshTokenOf('codex', sealed)]).toEqual(['rt-1', 'wsr_x'])
    expect(refreshTokenOf('codex', 'no file')).toBe(null)
  })

  it('takes in what a refresh brought and keeps what it did not bring', () => {
    const next = withTokens('codex', codexFile(), { accessToken: 'at-2', idToken: null, refreshToken: 'rt-2' }, '2030-01-01T00:00:00Z')
    expect(JSON.parse(next)).toEqual({
      ...JSON.parse(codexFile({ access_token: 'at-2', refresh_token: 'rt-2' })),
      last_refresh: '2030-01-01T00:00:00Z',
    })
    expect(accessOf(next)).toEqual({ accessToken: 'at-2', idToken: id })
    expect(accessOf('{}')).toBe(null)
  })
})

it('reads a login of Claude Code, whose blanked file is signed out', () => {
  const file = (given: Record<string, unknown>) =>
    JSON.stringify({
      claudeAiOauth: {
        accessToken: 'at',
        refreshToken: 'rt',
        expiresAt: EXPIRY * 1000,
        scopes: ['user:inference'],
        subscriptionType: 'max',
        ...given,
      },
    })
  const facts = { account: null, person: null, email: null, plan: 'max', refreshedAt: null, scopes: ['user:inference'] }
  expect(readLogin('claude', file({}))).toEqual({
    is: 'login',
    facts: { ...facts, expiresAt: '2030-01-02T00:00:00.000Z', canRefresh: true },
  })
  expect(readLogin('claude', file({ refreshToken: '', expiresAt: 1e300 }))).toMatchObject({ facts: { expiresAt: null, canRefresh: false } })
  expect(readLogin('claude', file({ accessToken: '', refreshToken: '' }))).toEqual({ is: 'signed-out' })
  expect(readLogin('claude', '{}')).toEqual({ is: 'signed-out' })
  expect(refreshTokenOf('claude', withSentinel('claude', file({}), 'wsr_x'))).toBe('wsr_x')
})

it('reads each of the logins of OpenCode, and a key among them as a right of its own', () => {
  const file = {
    openai: { type: 'oauth', access: access, refresh: 'rt', expires: EXPIRY * 1000 },
    'github-copilot': { type: 'oauth', access: '', refresh: 'gho', expires: 0 },
  }
  expect(readLogin('opencode', JSON.stringify(file))).toEqual({
    is: 'login',
    facts: {
      account: 'openai:acc-1',
      person: null,
      email: null,
      plan: null,
      expiresAt: '2030-01-02T00:00:00.000Z',
      refreshedAt: null,
      scopes: ['github-copilot', 'openai'],
      canRefresh: true,
    },
  })
  const withKey = { ...file, openai: { type: 'api', key: 'sk-x' } }
  expect(readLogin('opencode', JSON.stringify(withKey))).toMatchObject({ facts: { scopes: ['github-copilot', 'openai (api)'] } })
  expect(readLogin('opencode', '{}')).toEqual({ is: 'signed-out' })
  expect(readLogin('opencode', '{"openai":1}')).toEqual({ is: 'malformed' })
})

it('tells a login of OpenCode without an account by what lasts of it', () => {
  const copilot = { type: 'oauth', access: 'a1', refresh: 'gho_1', expires: 1 }
  const former = JSON.stringify({ copilot, openai: { type: 'oauth', access, refresh: 'rt-1', accountId: 'acc-1' } })
  const isOther = (next: object) => isAnothers('opencode', { former, next: JSON.stringify(next) })
  const openai = { type: 'oauth', access, refresh: 'rt-2', accountId: 'acc-1' }
  expect(isOther({ copilot: { ...copilot, access: 'a2', expires: 2 }, openai })).toBe(false)
  expect(isOther({ openai })).toBe(false)
  expect(isOther({ copilot: { ...copilot, refresh: 'gho_2' }, openai })).toBe(true)
  expect(isOther({ copilot: { ...copilot, refresh: 'gho_2', accountId: 'acc-2' }, openai })).toBe(true)
  expect(isOther({ copilot: { type: 'wellknown', token: 'gho_2' }, openai })).toBe(true)
  expect(isAnothers('codex', { former: codexFile(), next: codexFile({ refresh_token: 'other' }) })).toBe(false)
})

describe('comparing two logins', () => {
  it.each<[string, Partial<LoginFacts>, string | null]>([
    ['the same', {}, null],
    ['a later expiry and another plan', { expiresAt: '2031-01-01T00:00:00.000Z', plan: 'free', email: 'new@example.org' }, null],
    ['fewer scopes', { scopes: ['openid'] }, null],
    ['another account', { account: 'acc-2' }, 'login.other-account'],
    ['another person of the account', { person: 'person-2' }, 'login.other-account'],
    ['an account that it no longer says', { account: null }, 'login.other-account'],
    ['a scope more', { scopes: ['openid', 'profile', 'admin'] }, 'login.wider-scope'],
  ])('%s', (_name, changed, verdict) => {
    expect(whyNotTheSame(codexFacts, { ...codexFacts, ...changed })).toBe(verdict)
  })

  it('has nothing to hold against one whose former said nothing', () => {
    expect(whyNotTheSame({ ...codexFacts, account: null, person: null, scopes: [] }, codexFacts)).toBe(null)
  })
})

it('calls a login expired when it is over and cannot mend itself', () => {
  const at = Date.parse(codexFacts.expiresAt!)
  expect(isExpired({ ...codexFacts, canRefresh: false }, at)).toBe(true)
  expect(isExpired({ ...codexFacts, canRefresh: false }, at - 1)).toBe(false)
  expect(isExpired(codexFacts, at + 1)).toBe(false)
  expect(isExpired({ ...codexFacts, canRefresh: false, expiresAt: null }, at)).toBe(false)
})
