import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { TeamScope } from '#server/access/scope.ts'
import { connect, listConnections } from '#server/connections/service.ts'
import { disconnect } from '#server/connections/undo-service.ts'
import { startTestProvider, type TestProvider } from '#server/connections/testing-provider.ts'
import { validate } from '#server/connections/validation.ts'
import { resolveForChat } from '#server/connections/resolver.ts'
import { prisma } from '#server/db/client.ts'
import { seedProject, seedTeamScope } from '#server/db/testing.ts'
import { remove, setRole } from '#server/teams/service.ts'
import { appRouter } from '#server/trpc/app-router.ts'
import { callerFactory } from '#server/trpc/base.ts'

let provider: TestProvider
beforeAll(async () => {
  provider = await startTestProvider()
})
beforeEach(() => {
  provider.answer = { status: 200, body: '{}' }
  provider.asked = []
  provider.beforeAnswer = null
})
afterAll(() => provider.close())

const rowOf = async (scope: TeamScope, harness = 'claude-code') =>
  (await listConnections(scope, {})).find((row) => row.harness === harness)!

const connectOwn = async (key: string) => {
  const scope = await seedTeamScope()
  const { connectionId } = await connect(scope, provider.key(key, { settings: { models: 'claude-own' } }))
  return { scope, connectionId, stateOf: () => rowOf(scope) }
}

const validated = (verdict: string, code: string | null) => ({ verdict, code, at: expect.any(String) as string })

it('believes a provider that takes the key, refuses it, and takes it again', async () => {
  const { scope, connectionId, stateOf } = await connectOwn('own-key')
  provider.asked = []
  expect(await validate(scope, { connectionId })).toEqual(validated('accepted', null))
  expect(provider.asked).toMatchObject([{ url: '/v1/models', headers: { 'x-api-key': 'own-key', 'anthropic-version': '2023-06-01' } }])
  provider.answer.status = 401
  let refused = await validate(scope, { connectionId })
  expect(refused).toEqual(validated('refused', 'provider.refused-key'))
  const attachment = {
    settings: { models: 'claude-own' },
    credential: { providerName: new URL(provider.baseUrl).host, lastFour: '', brokenCode: 'provider.refused-key' },
    verdict: { is: 'refused', at: refused.at },
    lastError: { code: 'provider.refused-key', at: refused.at },
  }
  expect(await stateOf()).toMatchObject({ resolution: { state: 'broken', code: 'connection.broken' }, attachments: [attachment] })
  // A page in between takes nothing back.
  provider.answer = { status: 200, body: '<html>hotel</html>' }
  expect(await validate(scope, { connectionId })).toEqual(validated('unreachable', 'provider.garbled'))
  expect((await stateOf()).resolution.state).toBe('broken')
  provider.answer = { status: 401, body: '{}' }
  refused = await validate(scope, { connectionId })
  provider.answer.status = 200
  expect(await validate(scope, { connectionId })).toEqual(validated('accepted', null))
  // It works again, and what went wrong last can still be read.
  expect(await stateOf()).toMatchObject({
    resolution: { state: 'active' },
    attachments: [{ verdict: { is: 'accepted' }, lastError: { code: 'provider.refused-key', at: refused.at } }],
  })
})

it.each([
  [404, '{}', validated('unverified', null)],
  [302, '', validated('unreachable', 'provider.failed')],
  [200, '<html>hotel</html>', validated('unreachable', 'provider.garbled')],
  [403, '<html>blocked</html>', validated('unverified', null)],
  [402, '{}', validated('out-of-quota', 'provider.out-of-quota')],
  [429, '{}', validated('out-of-quota', 'provider.out-of-quota')],
  [503, '{}', validated('unreachable', 'provider.failed')],
])('leaves the connection as it is when the provider answers %s', async (answer, words, verdict) => {
  const { scope, connectionId, stateOf } = await connectOwn('own-key')
  provider.answer = { status: answer, body: words }
  expect(await validate(scope, { connectionId })).toEqual(verdict)
  expect((await stateOf()).resolution.state).toBe('active')
})

it('says that nobody answers, and that a row cannot be read', async () => {
  const { scope, connectionId, stateOf } = await connectOwn('own-key')
  const change = (data: { baseUrl?: string; masterVersion?: number }) =>
    prisma().credential.updateMany({ where: { teamId: scope.teamId }, data })
  await change({ baseUrl: 'http://127.0.0.1:9' })
  expect(await validate(scope, { connectionId })).toEqual(validated('unreachable', 'upstream.unsafe'))
  await change({ baseUrl: 'https://nowhere.invalid' })
  expect(await validate(scope, { connectionId })).toEqual(validated('unreachable', 'provider.unreachable'))
  await change({ masterVersion: 9 })
  expect(await validate(scope, { connectionId })).toEqual(validated('unfitting', 'connection.unreadable'))
  expect(await stateOf()).toMatchObject({ attachments: [{ verdict: { is: 'unfitting' }, lastError: { code: 'connection.unreadable' } }] })
})

const login = (expiresInMs: number, refreshToken: string | null) =>
  JSON.stringify({
    claudeAiOauth: {
      accessToken: 'at',
      ...(refreshToken && { refreshToken }),
      expiresAt: Date.now() + expiresInMs,
      scopes: ['user:inference'],
      subscriptionType: 'max',
    },
    organizationUuid: 'org-1',
  })
const HOUR_MS = 3_600_000
const connectLogin = (scope: TeamScope, contents: string, onRefused?: 'reject') =>
  connect(scope, { harness: 'claude-code', scope: 'user', secret: { kind: 'auth-file', format: 'claude', contents }, onRefused })

it('halts at a login that is over and cannot renew itself, and falls through to nothing', async () => {
  const owner = await seedTeamScope()
  const project = await seedProject(owner)
  const { verdict } = await connectLogin(owner, login(-HOUR_MS, null))
  expect(verdict).toBe('expired')
  expect(await rowOf(owner)).toMatchObject({
    resolution: { state: 'broken', code: 'login.expired', scope: 'user' },
    attachments: [
      { code: 'login.expired', verdict: { is: 'expired' }, lastError: { code: 'login.expired' }, expiresAt: expect.any(String) },
    ],
  })
  const place = { teamId: owner.teamId, projectId: project, userId: owner.userId, harness: 'claude-code' }
  expect(await resolveForChat(place)).toMatchObject({ ok: false, code: 'login.expired', trace: [{}, { verdict: 'login.expired' }] })
  // A better one takes its place, and its history is not this one's.
  await connectLogin(owner, login(HOUR_MS, null))
  expect(await rowOf(owner)).toMatchObject({
    resolution: { state: 'active' },
    attachments: [{ code: null, verdict: { is: 'unreachable' }, lastError: { code: 'provider.unreachable' } }],
  })
})

it('keeps what its provider refuses, marked, or nothing of it when that was asked for', async () => {
  const scope = await seedTeamScope()
  provider.answer.status = 401
  const reject = provider.key('refused', { onRefused: 'reject' })
  await expect(connect(scope, reject)).rejects.toMatchObject({ code: 'credential.refused', facts: { provider: 'custom' } })
  await expect(connectLogin(scope, login(-HOUR_MS, null), 'reject')).rejects.toMatchObject({ code: 'login.expired' })
  expect(await prisma().credential.count({ where: { teamId: scope.teamId } })).toBe(0)
  const kept = await connect(scope, provider.key('refused'))
  expect(kept.verdict).toBe('refused')
  expect(await rowOf(scope)).toMatchObject({
    resolution: { state: 'broken', code: 'connection.broken', connectionId: kept.connectionId },
    attachments: [{ credential: { brokenCode: 'provider.refused-key' }, verdict: { is: 'refused' } }],
  })
  // One that is merely down, or wants to be paid, keeps nobody from saving.
  for (const [status, verdict] of [
    [503, 'unreachable'],
    [429, 'out-of-quota'],
    [404, 'unverified'],
    [200, 'accepted'],
  ] as const) {
    provider.answer.status = status
    expect(await connect(scope, reject)).toEqual({ connectionId: kept.connectionId, verdict })
    expect((await rowOf(scope)).resolution.state).toBe('active')
  }
})

it('asks where a run would ask: with the preset’s own address and header, through the guard', async () => {
  const scope = await seedTeamScope()
  const presets = { openai: 'codex', anthropic: 'claude-code', openrouter: 'claude-code', google: 'opencode' }
  for (const [id, harness] of Object.entries(presets)) {
    // No test has a way to them: so it is told that nobody answered, and is stored.
    const secret = { kind: 'api-key', provider: id, key: id === 'google' ? 'AIzaabcdefgh' : `${prefixOf[id]}abcdefghijkl` } as const
    expect(await connect(scope, { harness, scope: 'user', secret })).toMatchObject({ verdict: 'unreachable' })
  }
  expect(provider.asked).toEqual([])
})
const prefixOf: Record<string, string> = { openai: 'sk-proj-', anthropic: 'sk-ant-api03-', openrouter: 'sk-or-v1-' }

it('tries out only so many for one person in a minute, wherever they ask from', async () => {
  const [one, other] = [await seedTeamScope(), await seedTeamScope()]
  const ask = async ({ userId, isInstanceOwner }: TeamScope, clientAddress: string) => {
    const caller = { userId, name: 'Ada', email: 'a@example.org', isInstanceOwner, via: { is: 'session', sessionId: 's' } } as const
    const { connections } = callerFactory(appRouter)({ caller, teamId: null, clientAddress })
    return connections.validate({ connectionId: 'nobody' }).catch((error: Error) => error.message)
  }
  const answers: unknown[] = []
  for (let count = 0; count < 31; count += 1) answers.push(await ask(one, `192.0.2.${count}`))
  expect(answers).toEqual([...Array<string>(30).fill('connection.missing'), 'request.too-many'])
  expect(await ask(other, '192.0.2.1')).toBe('connection.missing')
})

it('stores nothing for somebody who was removed while their key was tried out', async () => {
  const admin = await seedTeamScope()
  const mei = await seedTeamScope({ teamId: admin.teamId, role: 'member', name: 'Mei' })
  provider.beforeAnswer = () => remove(admin, mei.userId)
  await expect(connect(mei, provider.key('late'))).rejects.toMatchObject({ code: 'team.missing' })
  expect(await prisma().credential.count({ where: { teamId: admin.teamId } })).toBe(0)
})

it('stores nothing for somebody whose rights ended while their key was tried out', async () => {
  const admin = await seedTeamScope()
  const projectId = await seedProject(admin)
  const second = await seedTeamScope({ teamId: admin.teamId, role: 'admin' })
  const member = await seedTeamScope({ teamId: admin.teamId, role: 'member' })
  provider.beforeAnswer = () => setRole(admin, { userId: second.userId, role: 'member' })
  await expect(connect(second, provider.key('late', { scope: 'project', projectId }))).rejects.toMatchObject({ code: 'access.denied' })
  provider.beforeAnswer = () => setRole(admin, { userId: member.userId, role: 'viewer' })
  await expect(connect(member, provider.key('late'))).rejects.toMatchObject({ code: 'access.denied' })
  const owner = await seedTeamScope({ isInstanceOwner: true })
  provider.beforeAnswer = () => prisma().user.update({ where: { id: owner.userId }, data: { isInstanceOwner: false } })
  await expect(connect(owner, provider.key('late', { scope: 'platform' }))).rejects.toMatchObject({ code: 'access.denied' })
  expect(await prisma().credential.count({ where: { createdBy: { in: [second, member, owner].map((each) => each.userId) } } })).toBe(0)
})

it('tells other teams of the platform’s login what it is, and not whose', async () => {
  const owner = await seedTeamScope({ isInstanceOwner: true })
  const secret = { kind: 'auth-file', format: 'claude', contents: login(HOUR_MS, 'rt') } as const
  const made = await connect(owner, { harness: 'claude-code', scope: 'platform', secret })
  try {
    expect((await rowOf(owner)).attachments).toMatchObject([{ login: { account: 'org-1', plan: 'max' } }])
    expect((await rowOf(await seedTeamScope())).attachments).toMatchObject([{ login: { account: null, plan: 'max' }, mayChange: false }])
  } finally {
    await disconnect(owner, made)
  }
})
