import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createToken } from '#server/accounts/tokens-service.ts'
import { completeSetup, isSetupOpen, renewSetupCode, setUp } from '#server/accounts/setup-service.ts'
import { prisma } from '#server/db/client.ts'
import { seedMember, seedTeamScope } from '#server/db/testing.ts'
import { startTestServer, type TestServer } from '#server/testing-http.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.close())

const owner = { name: 'Ada', email: 'Ada@Example.org', password: 'correct horse', team: 'Engines' }
const failed = (status: number, code: string) => ({
  status,
  body: { error: { message: code, data: { httpStatus: status, domain: { code } } } },
})

describe('set-up', () => {
  it('opens with the newest code, once, and closes for ever', async () => {
    expect((await server.call('setup.state')).body).toEqual({ result: { data: { isOpen: true } } })
    const old = (await renewSetupCode())!
    const code = (await renewSetupCode())!
    const complete = (input: object) => server.call('setup.complete', { input })
    expect(await complete({ ...owner, code: 'set_guess' })).toMatchObject(failed(403, 'setup.code-wrong'))
    expect(await complete({ ...owner, code: old })).toMatchObject(failed(403, 'setup.code-wrong'))
    expect(await complete({ ...owner, code, password: 'short' })).toMatchObject({
      status: 400,
      body: { error: { data: { domain: { code: 'request.invalid', facts: { fields: ['password'] } } } } },
    })

    // Two people at once: one becomes the owner.
    const both = await Promise.all([complete({ ...owner, code }), complete({ ...owner, email: 'eve@example.org', code })])
    expect(both.map((each) => each.status).toSorted((a, b) => a - b)).toEqual([200, 409])
    expect(await prisma().user.count({ where: { isInstanceOwner: true } })).toBe(1)
    expect(await complete({ ...owner, code })).toMatchObject(failed(409, 'setup.closed'))
    expect(await isSetupOpen()).toBe(false)
    expect(await renewSetupCode()).toBe(null)
    await expect(setUp(owner)).rejects.toMatchObject({ code: 'setup.closed' })
    await expect(completeSetup({ ...owner, code })).rejects.toMatchObject({ code: 'setup.closed' })
  })

  it('leaves an owner who can sign in, and out', async () => {
    const { email } = await prisma().user.findFirstOrThrow({ where: { isInstanceOwner: true } })
    const headers = await server.signIn({ email: email.toUpperCase(), password: owner.password })
    const me = await server.call('me.get', { headers })
    expect(me.body).toMatchObject({
      result: { data: { user: { email, isInstanceOwner: true }, team: { name: 'Engines', role: 'admin' } } },
    })
    await fetch(`${server.url}/api/auth/sign-out`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{}',
    })
    expect(await server.call('me.get', { headers })).toMatchObject(failed(401, 'session.missing'))
  })

  it('is the only way to an account beside an invitation', async () => {
    const answer = await fetch(`${server.url}/api/auth/sign-up/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: server.url },
      body: JSON.stringify({ name: 'Eve', email: 'eve2@example.org', password: 'correct horse' }),
    })
    expect(answer.status).toBe(400)
    expect(await prisma().user.count({ where: { email: 'eve2@example.org' } })).toBe(0)
  })
})

describe('who calls', () => {
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

  it('is the owner of a living token, in its team alone', async () => {
    const scope = await seedTeamScope()
    const other = await seedTeamScope()
    const { token, tokenId } = await createToken(scope, { name: 'Script', days: 1 })
    expect(await server.call('me.get', bearer(token))).toMatchObject({
      status: 200,
      body: { result: { data: { team: { teamId: scope.teamId }, teams: [{ teamId: scope.teamId }] } } },
    })
    expect(await server.call('projects.list', { headers: { ...bearer(token).headers, 'x-gatehouse-team': other.teamId } })).toMatchObject(
      failed(404, 'team.missing'),
    )
    expect(await server.call('tokens.list', bearer(token))).toMatchObject({
      body: { result: { data: [{ tokenId, name: 'Script', hint: `pat_…${token.slice(-4)}` }] } },
    })
    expect(JSON.stringify((await server.call('tokens.list', bearer(token))).body)).not.toContain(token)
    expect(await server.call('tokens.revoke', { input: { tokenId }, ...bearer(token) })).toMatchObject({ status: 200 })
    expect(await server.call('me.get', bearer(token))).toMatchObject(failed(401, 'session.missing'))
  })

  it('is nobody with a token that is unknown, expired, malformed or of somebody who left, and all look the same', async () => {
    const scope = await seedTeamScope()
    const { token: expired, tokenId } = await createToken(scope, { name: 'Old', days: 1 })
    await prisma().personalAccessToken.update({ where: { id: tokenId }, data: { expiresAt: new Date(Date.now() - 1) } })
    const bodies = await Promise.all(
      [`${expired}`, `pat_${'x'.repeat(43)}`, 'pat_', 'wst_something', ''].map((token) => server.call('me.get', bearer(token))),
    )
    expect(new Set(bodies.map((each) => JSON.stringify(each.body))).size).toBe(1)
    expect(bodies[0]).toMatchObject(failed(401, 'session.missing'))
  })

  it('revokes only its own tokens', async () => {
    const mine = await seedTeamScope()
    const { tokenId } = await createToken(await seedTeamScope(), { name: 'Theirs', days: 1 })
    const { token } = await createToken(mine, { name: 'Mine', days: 1 })
    expect(await server.call('tokens.revoke', { input: { tokenId }, ...bearer(token) })).toMatchObject(failed(404, 'token.missing'))
    expect(await server.call('tokens.revoke', { input: { tokenId: 'nothing' }, ...bearer(token) })).toMatchObject(
      failed(404, 'token.missing'),
    )
    expect(await server.call('tokens.create', { input: { name: 'x', days: 91 }, ...bearer(token) })).toMatchObject({ status: 400 })
  })

  it('does not act by cookie from another site, nor by what a form can send', async () => {
    const { email } = await prisma().user.findFirstOrThrow({ where: { isInstanceOwner: true } })
    const { cookie } = await server.signIn({ email, password: owner.password })
    const before = await prisma().project.count()
    const create = (headers: Record<string, string>) => server.call('projects.create', { input: { name: 'Forged' }, headers })
    expect((await create({ cookie: cookie! })).status).toBe(403)
    expect((await create({ cookie: cookie!, origin: 'https://evil.example' })).status).toBe(403)
    expect((await create({ cookie: cookie!, origin: server.url, 'content-type': 'text/plain' })).status).toBe(415)
    expect(await prisma().project.count()).toBe(before)
    expect((await create({ cookie: cookie!, origin: server.url })).status).toBe(200)
  })

  it('does not change its name behind our back', async () => {
    const { email } = await prisma().user.findFirstOrThrow({ where: { isInstanceOwner: true } })
    const headers = await server.signIn({ email, password: owner.password })
    const answer = await fetch(`${server.url}/api/auth/update-user`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ name: 'x'.repeat(10_000) }),
    })
    expect(answer.status).toBe(404)
  })

  it('cannot ask for thousands of things in one request', async () => {
    const answer = await fetch(`${server.url}/api/trpc/${Array<string>(11).fill('setup.state').join(',')}?batch=1`)
    expect(answer.status).toBe(400)
  })
})

it('hides what went wrong inside, and says where the log has it', async () => {
  const { caller, teamId } = await seedMember()
  const { token } = await createToken({ userId: caller.userId, teamId }, { name: 'Script', days: 1 })
  await prisma().$executeRawUnsafe('alter table project rename to project_gone')
  try {
    const answer = await server.call('projects.list', { headers: { authorization: `Bearer ${token}` } })
    expect(answer).toMatchObject({ status: 500, body: { error: { data: { code: 'INTERNAL_SERVER_ERROR', domain: null } } } })
    const { message, data } = (answer.body as { error: { message: string; data: { logId: string } } }).error
    expect(message).toBe(`Something went wrong here. The log has it as ${data.logId}.`)
    expect(JSON.stringify(answer.body)).not.toMatch(/relation|select|stack|\.ts/)
  } finally {
    await prisma().$executeRawUnsafe('alter table project_gone rename to project')
  }
})

it('stops whoever guesses at set-up codes, passwords or keys', async () => {
  const limited = await startTestServer({ isLimited: true })
  try {
    const guesses: number[] = []
    for (let i = 0; i < 11; i += 1) guesses.push((await limited.call('setup.complete', { input: { ...owner, code: 'set_guess' } })).status)
    expect(guesses.at(-2)).toBe(409)
    expect(guesses.at(-1)).toBe(429)
    const { token } = await createToken(await seedTeamScope(), { name: 'Script', days: 1 })
    const validate = () =>
      limited.call('connections.validate', { input: { connectionId: 'unknown' }, headers: { authorization: `Bearer ${token}` } })
    for (let i = 0; i < 30; i += 1) expect((await validate()).status).toBe(412)
    expect(await validate()).toMatchObject(failed(429, 'request.too-many'))
    const attempt = () => limited.signIn({ email: 'ada@example.org', password: 'a wrong one' }).catch((error: Error) => error.message)
    const answers: unknown[] = []
    for (let i = 0; i < 11; i += 1) answers.push(await attempt())
    expect(answers[0]).toContain('401')
    expect(answers.at(-1)).toContain('429')
  } finally {
    await limited.close()
  }
})
