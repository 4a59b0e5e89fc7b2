/** Logins tried out at their vendors, which answer over TLS under their own names. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Secret } from '#core/connections/secret.ts'
import { claudeFile } from '#e2e/world/fake-vendor-logins.ts'
import { startFakeVendor, type FakeVendor } from '#e2e/world/fake-vendor.ts'
import type { Answer } from '#e2e/world/fake-vendor-routes.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { connect, listConnections } from '#server/connections/service.ts'
import { validate } from '#server/connections/validation.ts'
import { pool } from '#server/db/client.ts'
import { seedTeamScope } from '#server/db/testing.ts'
import { log } from '#server/log.ts'
import { auditActs, dumped, handBack, running, seedLogin, storedLogin } from '#server/logins/testing.ts'

const CODEX_CHECK = 'chatgpt.com/backend-api/wham/accounts/check'
const CLAUDE_CHECK = 'api.anthropic.com/api/oauth/profile'
const folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-checks-'))
let vendor: FakeVendor
/** In the place of what the vendor would say to the token, by address. */
let instead: Record<string, Answer> = {}
/** What happens while the vendor thinks about it. */
let meanwhile: (() => Promise<unknown>) | null = null

beforeAll(async () => {
  const brain = () => {
    throw new Error('nobody asks a model here')
  }
  vendor = await startFakeVendor({ folder, brain })
  vendor.route(({ host, path: asked }) => {
    const answer = instead[`${host}${asked}`]
    return answer ? (meanwhile?.() ?? Promise.resolve()).then(() => answer) : null
  })
  Object.assign(process.env, { GATEHOUSE_TESTING: '1', ...vendor.environment })
})
afterAll(async () => {
  vendor.assertClean()
  await vendor.close()
  rmSync(folder, { recursive: true, force: true })
})

const file = (format: string, contents: string): Secret => ({ kind: 'auth-file', format, contents })
const token = (text: string): Secret => ({ kind: 'oauth-token', issuer: 'anthropic', token: text })
const validated = (verdict: string, code: string | null = null) => ({ verdict, code, at: expect.any(String) as string })
const refreshes = (accountId: string) => vendor.logins.refreshes.filter((each) => each.accountId === accountId).map((each) => each.outcome)

type Connected = Awaited<ReturnType<typeof connected>>
/** A login as it stands there before anybody has asked about it again. */
async function connected(harness: string, secret: Secret) {
  instead = {}
  meanwhile = null
  const scope = await seedTeamScope()
  const { connectionId, verdict } = await connect(scope, { harness, scope: 'user', secret })
  const { rows } = await pool().query<{ id: string }>('select id from credential where "teamId" = $1', [scope.teamId])
  const credentialId = rows[0]!.id
  return {
    scope,
    connectionId,
    verdict,
    credentialId,
    validate: () => validate(scope, { connectionId }),
    row: () => rowOf(scope, harness),
    stored: () => storedLogin(credentialId),
  }
}
const rowOf = async (scope: TeamScope, harness: string) => (await listConnections(scope, {})).find((row) => row.harness === harness)!

const EXPIRED = { expiresInMs: -60_000 }
const codex = (options: Parameters<FakeVendor['codexLogin']>[0] = {}) => {
  const login = vendor.codexLogin(options)
  return { login, secret: file('codex', login.contents) }
}
const claude = (options: Parameters<FakeVendor['claudeLogin']>[0] = {}) => {
  const login = vendor.claudeLogin(options)
  return { login, secret: file('claude', login.contents) }
}

const kinds = [
  ['a Codex login', 'codex', CODEX_CHECK, () => codex()],
  ['a Claude login', 'claude-code', CLAUDE_CHECK, () => claude()],
  [
    'a subscription token',
    'claude-code',
    CLAUDE_CHECK,
    () => {
      const login = vendor.claudeToken()
      return { login, secret: token(login.access) }
    },
  ],
] as const

it.each(kinds)(
  'asks the vendor about %s when it is connected and when it is validated, and spends nothing',
  async (_, harness, address, issue) => {
    const { login, secret } = issue()
    const before = vendor.received.length
    const it = await connected(harness, secret)
    expect(it.verdict).toBe('accepted')
    expect(await it.validate()).toEqual(validated('accepted'))
    expect(await it.row()).toMatchObject({
      resolution: { state: 'active' },
      attachments: [{ verdict: { is: 'accepted' }, lastError: null }],
    })
    const asked = vendor.received.slice(before)
    expect(asked.map((each) => [each.method, each.host + each.path, each.account?.accountId])).toEqual([
      ['GET', address, login.account.accountId],
      ['GET', address, login.account.accountId],
    ])
    if (harness === 'codex')
      expect(asked[0]!.headers).toMatchObject({ 'chatgpt-account-id': login.account.accountId, 'user-agent': 'codex-cli' })
    expect(refreshes(login.account.accountId)).toEqual([])
  },
)

const inWords = (message: string) => ({ type: 'error', error: { type: 'permission_error', message } })

it.each<[string, Answer, string, string | null]>([
  ['too many', { status: 429, body: {} }, 'out-of-quota', 'provider.out-of-quota'],
  ['pay first', { status: 402, body: {} }, 'out-of-quota', 'provider.out-of-quota'],
  ['a failure of its own', { status: 503, body: {} }, 'unreachable', 'provider.failed'],
  ['another address', { status: 302, body: {}, headers: { location: 'https://example.org' } }, 'unreachable', 'provider.failed'],
  ['no such question', { status: 404, body: { error: 'not_found' } }, 'unverified', null],
  [
    'a question that this token may not ask',
    { status: 403, body: inWords('OAuth token does not meet scope requirement\n user:profile') },
    'accepted',
    null,
  ],
  ['a firewall that is closed to us', { status: 403, body: inWords('Request not allowed') }, 'unverified', null],
])('leaves a login as it is when its vendor answers: %s', async (_, answer, verdict, code) => {
  const it = await connected('claude-code', claude().secret)
  instead = { [CLAUDE_CHECK]: answer }
  expect(await it.validate()).toEqual(validated(verdict, code))
  expect(await it.row()).toMatchObject({ resolution: { state: 'active' }, attachments: [{ verdict: { is: verdict } }] })
})

it.each<[string, () => Promise<[Connected, Record<string, Answer>]>]>([
  [
    'a login that was revoked',
    async () => [
      await connected('claude-code', claude().secret),
      { [CLAUDE_CHECK]: { status: 403, body: inWords('OAuth token has been revoked') } },
    ],
  ],
  [
    'an organisation that is closed',
    async () => [
      await connected('claude-code', claude().secret),
      { [CLAUDE_CHECK]: { status: 400, body: inWords('This organization has been disabled.') } },
    ],
  ],
  [
    'a token that the vendor does not know, and that nothing renews',
    async () => [await connected('claude-code', token(vendor.claudeToken().access)), { [CLAUDE_CHECK]: { status: 401, body: {} } }],
  ],
  [
    'an account that is closed',
    async () => {
      const { login, secret } = codex()
      const accounts = [{ id: login.account.accountId, is_deactivated: true }]
      return [await connected('codex', secret), { [CODEX_CHECK]: { status: 200, body: { accounts } } }]
    },
  ],
  [
    'a workspace that is closed',
    async () => [
      await connected('codex', codex().secret),
      { [CODEX_CHECK]: { status: 402, body: { detail: { code: 'deactivated_workspace' } } } },
    ],
  ],
])('marks %s refused, and takes that back once the vendor does', async (_, prepare) => {
  const [it, answers] = await prepare()
  instead = answers
  expect(await it.validate()).toEqual(validated('refused', 'login.refused'))
  expect(await it.row()).toMatchObject({
    resolution: { state: 'broken', code: 'login.refused' },
    attachments: [{ verdict: { is: 'refused' }, lastError: { code: 'login.refused' } }],
  })
  instead = {}
  expect(await it.validate()).toEqual(validated('accepted'))
  expect((await it.row()).resolution).toMatchObject({ state: 'active' })
})

it('says that nobody answers, and takes nothing back for that', async () => {
  const it = await connected('codex', codex().secret)
  const { GATEHOUSE_TEST_VENDORS: there } = process.env
  process.env['GATEHOUSE_TEST_VENDORS'] = 'chatgpt.com:443=127.0.0.1:1'
  try {
    expect(await it.validate()).toEqual(validated('unreachable', 'provider.unreachable'))
    expect((await it.row()).resolution.state).toBe('active')
  } finally {
    process.env['GATEHOUSE_TEST_VENDORS'] = there
  }
})

it('renews a Codex login through the broker once, and asks again', async () => {
  const { login, secret } = codex(EXPIRED)
  const it = await connected('codex', secret)
  // Not stored yet, so there was nothing to renew it under.
  expect([it.verdict, refreshes(login.account.accountId)]).toEqual(['looks-whole', []])
  const answers = await Promise.all([it.validate(), it.validate(), it.validate()])
  expect(answers).toEqual(answers.map(() => validated('accepted')))
  expect(refreshes(login.account.accountId)).toEqual(['refreshed'])
  expect(await it.stored()).toMatchObject({ version: 1, loginRevision: 1, brokenCode: null, verdict: 'accepted' })
  expect(await auditActs(it.credentialId)).toEqual(['login.refreshed'])
  expect((await it.row()).resolution.state).toBe('active')
})

it('renews also tokens that are young, when their vendor does not take them', async () => {
  const { login, secret } = codex()
  const it = await connected('codex', secret)
  vendor.route(({ path: asked, headers }) =>
    asked.endsWith('/accounts/check') && headers.authorization === `Bearer ${login.access}` ? { status: 401, body: {} } : null,
  )
  expect(await it.validate()).toEqual(validated('accepted'))
  expect(refreshes(login.account.accountId)).toEqual(['refreshed'])
})

it('refuses a login whose newest tokens are not taken either, and renews no more of them than it was asked to', async () => {
  const { login, secret } = codex()
  const it = await connected('codex', secret)
  instead = { [CODEX_CHECK]: { status: 401, body: {} } }
  expect(await it.validate()).toEqual(validated('refused', 'login.refused'))
  expect(refreshes(login.account.accountId)).toEqual(['refreshed'])
  expect(await it.stored()).toMatchObject({ loginRevision: 1, brokenCode: 'login.refused' })
})

it('reads “signed in elsewhere” when the broker is refused, and asks nobody about that again', async () => {
  const { login, secret } = codex(EXPIRED)
  const it = await connected('codex', secret)
  vendor.logins.spend(login.refresh)
  expect(await it.validate()).toEqual(validated('signed-in-elsewhere', 'login.elsewhere'))
  expect((await it.row()).resolution).toMatchObject({ state: 'broken', code: 'login.elsewhere' })
  expect(await auditActs(it.credentialId)).toEqual(['login.refused'])
  const before = vendor.received.length
  expect(await it.validate()).toEqual(validated('signed-in-elsewhere', 'login.elsewhere'))
  expect(vendor.received).toHaveLength(before)
})

it('never renews what its program renews: an old access token is no fault of the login', async () => {
  const { login, secret } = claude(EXPIRED)
  const it = await connected('claude-code', secret)
  expect(await it.validate()).toEqual(validated('expired'))
  expect(await it.row()).toMatchObject({
    resolution: { state: 'active', code: null },
    attachments: [{ code: null, verdict: { is: 'expired' }, lastError: null, login: { canRefresh: true } }],
  })
  // Also one that its vendor has forgotten before its time.
  const young = await connected('claude-code', claude().secret)
  instead = { [CLAUDE_CHECK]: { status: 401, body: {} } }
  expect(await young.validate()).toEqual(validated('unverified'))
  expect((await young.row()).resolution.state).toBe('active')
  expect(refreshes(login.account.accountId)).toEqual([])
})

it('asks nobody about a login that is over by its own word', async () => {
  const it = await connected('claude-code', file('claude', claudeFile({ ...vendor.claudeLogin(EXPIRED), refresh: '' })))
  const before = vendor.received.length
  expect(await it.validate()).toEqual(validated('expired', 'login.expired'))
  expect(vendor.received).toHaveLength(before)
})

it('says of a login of several vendors that only a chat can tell', async () => {
  const before = vendor.received.length
  const contents = JSON.stringify({ 'github-copilot': { type: 'oauth', refresh: 'ghu_x', access: 'tid', expires: 0 } })
  const it = await connected('opencode', file('opencode', contents))
  expect([it.verdict, await it.validate()]).toEqual(['looks-whole', validated('looks-whole')])
  expect(vendor.received).toHaveLength(before)
})

it('says nothing of tokens that were renewed while the former ones were asked about', async () => {
  const it = await connected('claude-code', claude().secret)
  instead = { [CLAUDE_CHECK]: { status: 403, body: inWords('OAuth token has been revoked') } }
  meanwhile = () => pool().query('update credential set "loginRevision" = "loginRevision" + 1 where id = $1', [it.credentialId])
  expect(await it.validate()).toEqual(validated('refused', 'login.refused'))
  expect(await it.stored()).toMatchObject({ brokenCode: null, verdict: 'accepted' })
})

it('breaks no login of which a run may hold newer tokens', async () => {
  instead = {}
  meanwhile = null
  const world = await seedLogin('claude-code', vendor.claudeLogin().contents)
  const { rows } = await pool().query<{ id: string }>('select id from attachment where "teamId" = $1', [world.team.teamId])
  const ask = () => validate(world.team, { connectionId: rows[0]!.id })
  const held = await running(world)
  instead = { [CLAUDE_CHECK]: { status: 403, body: inWords('OAuth token has been revoked') } }
  expect(await ask()).toEqual(validated('unverified'))
  expect(await storedLogin(world.credentialId)).toMatchObject({ brokenCode: null })
  await handBack(world, held)
  expect(await ask()).toEqual(validated('refused', 'login.refused'))
})

it('stores no login that its vendor refuses, when that was asked for', async () => {
  const scope = await seedTeamScope()
  const secret = token('sk-ant-oat01-nobody-issued-this-one')
  instead = {}
  await expect(connect(scope, { harness: 'claude-code', scope: 'user', secret, onRefused: 'reject' })).rejects.toMatchObject({
    code: 'login.refused',
  })
  expect((await rowOf(scope, 'claude-code')).attachments).toEqual([])
})

it('lets no token into an answer, a row or the log', async () => {
  const lines: string[] = []
  const levels = ['debug', 'info', 'warn', 'error'] as const
  for (const level of levels)
    vi.spyOn(log, level).mockImplementation(((...said: unknown[]) => void lines.push(JSON.stringify(said))) as never)
  const { login, secret } = codex(EXPIRED)
  const it = await connected('codex', secret)
  const said = [await it.validate(), await it.row()]
  const spent = codex(EXPIRED)
  const other = await connected('codex', spent.secret)
  vendor.logins.spend(spent.login.refresh)
  said.push(await other.validate(), await other.row())
  const seen = JSON.stringify(said) + lines.join('\n') + (await dumped())
  for (const secretText of [login.access, login.refresh, login.idToken, spent.login.access, spent.login.refresh])
    expect(seen.includes(secretText)).toBe(false)
  vi.restoreAllMocks()
})
