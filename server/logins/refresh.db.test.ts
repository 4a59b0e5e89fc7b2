import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createServer as createPlainServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startFakeVendor, type FakeVendor } from '#e2e/world/fake-vendor.ts'
import { databaseUrl, pool } from '#server/db/client.ts'
import { onHint } from '#server/realtime/bus.ts'
import { createLoginHandler, type LoginHandler } from '#server/logins/handler.ts'
import {
  askForTokens,
  auditActs,
  connectLogin,
  dumped,
  failuresOf,
  handBack,
  prompted,
  running,
  seedLogin,
  start,
  storedLogin,
  takeAwayAndBringBack,
  type TokenAnswer,
} from '#server/logins/testing.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-logins-'))
const EXPIRED = { expiresInMs: -60_000 }

let vendor: FakeVendor
let handler: LoginHandler
let server: Server
let origin: string

beforeAll(async () => {
  vendor = await startFakeVendor({
    folder,
    brain: () => {
      throw new Error('nobody asks a model here')
    },
  })
  Object.assign(process.env, { GATEHOUSE_TESTING: '1', ...vendor.environment })
  handler = createLoginHandler()
  server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(async () => {
  server.close()
  await handler.close()
  await vendor.close()
  rmSync(folder, { recursive: true, force: true })
})

/** How often the vendor was asked to refresh a login of this account. */
const refreshes = (accountId: string) => vendor.logins.refreshes.filter((each) => each.accountId === accountId).map((each) => each.outcome)

const accountOf = ({ body }: TokenAnswer) => vendor.logins.accountOf('openai', `Bearer ${body.access_token}`)?.accountId

describe('what a run gets', () => {
  it('holds everything of the login but the refresh token, in whose place stands a sentinel of this run', async () => {
    const login = vendor.codexLogin()
    const world = await seedLogin('codex', login.contents)
    const [one, other] = [await running(world), await running(world)]
    const sentinels = [one, other].map(({ contents }) => JSON.parse(contents).tokens.refresh_token as string)
    expect(sentinels).toEqual([expect.stringMatching(/^wsr_[\w-]{43}$/), expect.stringMatching(/^wsr_[\w-]{43}$/)])
    expect(sentinels[0]).not.toBe(sentinels[1])
    expect(one.contents).not.toContain(login.refresh)
    const real = JSON.parse(login.contents)
    expect(JSON.parse(one.contents)).toEqual({ ...real, tokens: { ...real.tokens, refresh_token: sentinels[0] } })
    const { rows } = await pool().query('select "sentinelHash", "loginRevision" from run where id = $1', [one.runId])
    expect(rows).toMatchObject([{ loginRevision: 0 }])
    expect(JSON.stringify(rows)).not.toContain(sentinels[0])
  })
})

describe('refreshing', () => {
  it('asks the vendor once for ten runs on one expired login, and all of them get good tokens', async () => {
    const login = vendor.codexLogin(EXPIRED)
    const world = await seedLogin('codex', login.contents)
    const runs = []
    for (let at = 0; at < 10; at += 1) runs.push(await running(world))
    const answers = await Promise.all(runs.map(({ contents }) => askForTokens(origin, contents)))
    expect(answers.map((each) => [each.status, accountOf(each)])).toEqual(runs.map(() => [200, login.account.accountId]))
    expect(refreshes(login.account.accountId)).toEqual(['refreshed'])
    // Each keeps its own sentinel, and none hears of the real one.
    expect(answers.map(({ body }) => body.refresh_token)).toEqual(runs.map(({ contents }) => JSON.parse(contents).tokens.refresh_token))
    expect(await storedLogin(world.credentialId)).toMatchObject({
      version: 1,
      loginRevision: 1,
      brokenCode: null,
      loginFacts: { account: login.account.accountId, email: login.account.email, canRefresh: true },
    })
    expect(await auditActs(world.credentialId)).toEqual(['login.refreshed'])

    const database = await dumped()
    const secrets = [
      login.refresh,
      login.access,
      ...answers.flatMap(({ body }) => [body.access_token!, body.id_token!, body.refresh_token!]),
    ]
    for (const secret of secrets) expect(database.includes(secret)).toBe(false)

    // A run that starts now gets what was refreshed, and the next refresh is bought with the newest token.
    const late = await running(world)
    expect(JSON.parse(late.contents).tokens.access_token).toBe(answers[0]!.body.access_token)
  })

  it('lets a run that has the newest tokens ask again once those end, and takes a form as well', async () => {
    const login = vendor.codexLogin({ expiresInMs: 200_000 })
    const world = await seedLogin('codex', login.contents)
    const { contents } = await running(world)
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: JSON.parse(contents).tokens.refresh_token })
    const answer = await fetch(`${origin}/ai/login/codex/token`, { method: 'POST', body })
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ token_type: 'Bearer', expires_in: expect.any(Number) })
    // Nothing has ended yet: this asks the vault.
    expect((await askForTokens(origin, contents)).status).toBe(200)
    expect(refreshes(login.account.accountId)).toEqual(['refreshed'])
  })

  it('loses nothing when the vendor is down, and goes on where it was', async () => {
    const login = vendor.codexLogin(EXPIRED)
    const world = await seedLogin('codex', login.contents)
    const { contents, chatId } = await running(world)
    let isDown = true
    vendor.route(({ path: asked, body }) =>
      isDown && asked === '/oauth/token' && body.includes(login.refresh) ? { status: 502, body: { oops: true } } : null,
    )
    expect(await askForTokens(origin, contents)).toMatchObject({ status: 503, body: { error: { code: 'temporarily_unavailable' } } })
    expect(await storedLogin(world.credentialId)).toMatchObject({ loginRevision: 0, brokenCode: null, lastErrorCode: null })
    isDown = false
    // Nobody runs against a vendor that has just failed; a moment later it is asked again.
    await vi.waitFor(async () => expect((await askForTokens(origin, contents)).status).toBe(200), { timeout: 10_000, interval: 250 })
    expect(refreshes(login.account.accountId)).toEqual(['refreshed'])
    expect(await failuresOf(chatId)).toEqual([])
  })
})

describe('what the vendor may say', () => {
  it.each<[string, number, Record<string, unknown>, string | null]>([
    ['OAuth’s own word', 400, { error: 'invalid_grant' }, 'login.elsewhere'],
    ['that it was used', 401, { error: { code: 'refresh_token_reused', message: 'x' } }, 'login.elsewhere'],
    ['that it was taken back', 401, { error: { code: 'refresh_token_invalidated' } }, 'login.elsewhere'],
    ['that it is too old', 401, { error: { code: 'refresh_token_expired' } }, 'login.expired'],
    ['no, without a reason', 401, {}, 'login.elsewhere'],
    ['that the request is wrong', 400, { error: { code: 'invalid_request' } }, null],
    ['that this is no place for it', 403, { error: { code: 'unsupported_country_region_territory' } }, null],
    ['that it is busy', 429, { error: 'slow_down' }, null],
    ['that it failed', 500, {}, null],
    ['yes, without a token', 200, { token_type: 'Bearer' }, null],
    ['go elsewhere', 307, {}, null],
    ['more than anybody reads', 200, { access_token: 'x'.repeat(300_000) }, null],
  ])('%s', async (_name, status, body, code) => {
    const login = vendor.codexLogin(EXPIRED)
    const world = await seedLogin('codex', login.contents)
    const { contents } = await running(world)
    let asked = 0
    vendor.route((request) => {
      if (request.path !== '/oauth/token' || !request.body.includes(login.refresh)) return null
      asked += 1
      return { status, body, headers: { location: 'https://auth.openai.com/oauth/token' } }
    })
    expect((await askForTokens(origin, contents)).status).toBe(code ? 401 : 503)
    expect(asked).toBe(1)
    expect(await storedLogin(world.credentialId)).toMatchObject({ loginRevision: 0, brokenCode: code, lastErrorCode: code })
  })

  it('is asked by our own name for the program, whatever the program says', async () => {
    const login = vendor.codexLogin(EXPIRED)
    const { contents } = await running(await seedLogin('codex', login.contents))
    await askForTokens(origin, contents)
    const asked = vendor.received.findLast((each) => each.path === '/oauth/token' && each.body.includes(login.refresh))!
    expect(JSON.parse(asked.body.toString())).toEqual({
      client_id: 'app_EMoamEEZ73f0CkXaXp7hrann',
      grant_type: 'refresh_token',
      refresh_token: login.refresh,
    })
  })
})

describe('refusing', () => {
  const refused = (code: string) => ({ status: 401, body: { error: { code } } })

  it('calls a login that was used elsewhere by that name, stops its runs, and heals when it is replaced', async () => {
    const login = vendor.codexLogin(EXPIRED)
    const world = await seedLogin('codex', login.contents)
    const [one, other] = [await running(world), await running(world)]
    vendor.logins.spend(login.refresh)
    expect(await askForTokens(origin, one.contents)).toMatchObject(refused('refresh_token_reused'))
    expect(await askForTokens(origin, other.contents)).toMatchObject(refused('refresh_token_reused'))
    expect(await askForTokens(origin, one.contents)).toMatchObject(refused('refresh_token_reused'))
    // The vendor said it once; it is not asked again for what it refused.
    expect(refreshes(login.account.accountId)).toEqual(['reused'])
    expect(await storedLogin(world.credentialId)).toMatchObject({
      loginRevision: 0,
      brokenCode: 'login.elsewhere',
      lastErrorCode: 'login.elsewhere',
      verdict: 'signed-in-elsewhere',
    })
    expect(await auditActs(world.credentialId)).toEqual(['login.refused'])
    for (const { chatId, turnId } of [one, other])
      expect(await failuresOf(chatId)).toEqual([{ turnId, code: 'login.elsewhere', provider: 'openai', harness: 'codex' }])

    const fresh = vendor.codexLogin({ account: login.account })
    await connectLogin(world, fresh.contents)
    expect(await storedLogin(world.credentialId)).toMatchObject({ version: 2, loginRevision: 1, brokenCode: null })
    // A run of before has no part in it.
    expect(await askForTokens(origin, one.contents)).toMatchObject(refused('refresh_token_invalidated'))
    expect(JSON.parse((await running(world)).contents).tokens.access_token).toBe(fresh.access)
  })

  it.each([
    ['another account', 'login.other-account', () => ({ account: vendor.logins.newAccount() })],
    ['a wider scope', 'login.wider-scope', () => ({ scope: 'openid profile email offline_access api.everything' })],
  ])('stores nothing when a refresh brings %s', async (_name, code, to) => {
    const login = vendor.codexLogin(EXPIRED)
    const world = await seedLogin('codex', login.contents)
    const { contents, chatId, turnId } = await running(world)
    vendor.route(({ path: asked, body }) => {
      if (asked !== '/oauth/token' || !body.includes(login.refresh)) return null
      const outcome = vendor.logins.renew('openai', login.refresh, to())
      if ('refused' in outcome) throw new Error('asked twice')
      const { access, refresh, idToken } = outcome.issued
      return { status: 200, body: { access_token: access, refresh_token: refresh, id_token: idToken } }
    })
    expect(await askForTokens(origin, contents)).toMatchObject(refused('refresh_token_invalidated'))
    expect(await storedLogin(world.credentialId)).toMatchObject({ loginRevision: 0, brokenCode: code, lastErrorCode: code })
    expect(await auditActs(world.credentialId)).toEqual(['login.refused'])
    expect(await failuresOf(chatId)).toEqual([{ turnId, code, provider: 'openai', harness: 'codex' }])
  })

  it('never puts a refreshed login in the place of one that was connected while the vendor was thinking', async () => {
    const login = vendor.codexLogin(EXPIRED)
    const fresh = vendor.codexLogin()
    const world = await seedLogin('codex', login.contents)
    const { contents } = await running(world)
    vendor.route(({ path: asked, body }) => {
      if (asked !== '/oauth/token' || !body.includes(login.refresh)) return null
      return connectLogin(world, fresh.contents).then(() => {
        const outcome = vendor.logins.renew('openai', login.refresh)
        if ('refused' in outcome) throw new Error('asked twice')
        return { status: 200, body: { access_token: outcome.issued.access, refresh_token: outcome.issued.refresh } }
      })
    })
    expect(await askForTokens(origin, contents)).toMatchObject(refused('refresh_token_invalidated'))
    expect(await storedLogin(world.credentialId)).toMatchObject({
      version: 2,
      loginRevision: 1,
      brokenCode: null,
      loginFacts: { account: fresh.account.accountId },
    })
    expect(JSON.parse((await running(world)).contents).tokens.access_token).toBe(fresh.access)
    expect(await auditActs(world.credentialId)).toEqual([])
  })

  it('stores what the vendor answered for a login that was taken away and brought back meanwhile, and gives it to no run of before', async () => {
    const login = vendor.codexLogin(EXPIRED)
    const world = await seedLogin('codex', login.contents)
    const { contents } = await running(world)
    vendor.route(({ path: asked, body }) => {
      if (asked !== '/oauth/token' || !body.includes(login.refresh)) return null
      return takeAwayAndBringBack(world).then(() => {
        const outcome = vendor.logins.renew('openai', login.refresh)
        if ('refused' in outcome) throw new Error('asked twice')
        const { access, refresh, idToken } = outcome.issued
        return { status: 200, body: { access_token: access, refresh_token: refresh, id_token: idToken } }
      })
    })
    expect(await askForTokens(origin, contents)).toMatchObject(refused('refresh_token_invalidated'))
    expect(await storedLogin(world.credentialId)).toMatchObject({ version: 2, loginRevision: 1, brokenCode: null })
    // What the next run begins with is what the vendor knows.
    const next = await askForTokens(origin, (await running(world)).contents)
    expect([next.status, accountOf(next)]).toEqual([200, login.account.accountId])
    expect(refreshes(login.account.accountId)).toEqual(['refreshed'])
  })

  it.each<[string, (run: Awaited<ReturnType<typeof running>>) => Promise<unknown>]>([
    ['was stopped', ({ runId }) => pool().query('update run set "endedAt" = now() where id = $1', [runId])],
    ['went to another node', ({ chatId }) => pool().query('update chat_head set epoch = 99 where "chatId" = $1', [chatId])],
  ])('gives no tokens to a run that %s while the vendor was thinking, and stores them all the same', async (_name, end) => {
    const login = vendor.codexLogin(EXPIRED)
    const world = await seedLogin('codex', login.contents)
    const run = await running(world)
    vendor.route(({ path: asked, body }) => {
      if (asked !== '/oauth/token' || !body.includes(login.refresh)) return null
      return end(run).then(() => {
        const outcome = vendor.logins.renew('openai', login.refresh)
        if ('refused' in outcome) throw new Error('asked twice')
        const { access, refresh, idToken } = outcome.issued
        return { status: 200, body: { access_token: access, refresh_token: refresh, id_token: idToken } }
      })
    })
    expect(await askForTokens(origin, run.contents)).toMatchObject(refused('refresh_token_invalidated'))
    expect(await storedLogin(world.credentialId)).toMatchObject({ loginRevision: 1, brokenCode: null })
  })

  it('answers one and the same to whoever has no right to a login, and tells nothing of what exists', async () => {
    const login = vendor.codexLogin(EXPIRED)
    const world = await seedLogin('codex', login.contents)
    const gone: Record<string, (run: Awaited<ReturnType<typeof running>>) => Promise<unknown>> = {
      'an ended run': ({ runId }) => pool().query('update run set "endedAt" = now() where id = $1', [runId]),
      'a chat in another epoch': ({ chatId }) => pool().query('update chat_head set epoch = 99 where "chatId" = $1', [chatId]),
      'an archived chat': ({ chatId }) => pool().query('update chat set "archivedAt" = now() where id = $1', [chatId]),
    }
    const answers = [await askForTokens(origin, JSON.stringify({ tokens: { refresh_token: `wsr_${'A'.repeat(43)}` } }))]
    answers.push(await askForTokens(origin, login.contents))
    for (const end of Object.values(gone)) {
      const run = await running(world)
      await end(run)
      answers.push(await askForTokens(origin, run.contents))
    }
    const [last, disabled, removed] = [await running(world), await running(world), await running(world)]
    await pool().query('update attachment set "isEnabled" = false where "teamId" = $1', [world.team.teamId])
    answers.push(await askForTokens(origin, disabled.contents))
    await pool().query('update attachment set "isEnabled" = true where "teamId" = $1', [world.team.teamId])
    await pool().query('update credential set "revokedAt" = now() where id = $1', [world.credentialId])
    answers.push(await askForTokens(origin, last.contents))
    await pool().query('update credential set "revokedAt" = null where id = $1', [world.credentialId])
    await pool().query('delete from member where "teamId" = $1', [world.team.teamId])
    answers.push(await askForTokens(origin, removed.contents))
    expect(new Set(answers.map((each) => JSON.stringify(each))).size).toBe(1)
    expect(answers[0]).toMatchObject(refused('refresh_token_invalidated'))
    expect(refreshes(login.account.accountId)).toEqual([])
  })

  it('asks a run to try again whose daemon was not heard of lately, since a server that was away hears of nobody', async () => {
    const world = await seedLogin('codex', vendor.codexLogin(EXPIRED).contents)
    const { contents, chatId } = await running(world)
    await pool().query(`update chat_head set "leaseUntil" = now() - interval '1 second' where "chatId" = $1`, [chatId])
    expect((await askForTokens(origin, contents)).status).toBe(503)
    await pool().query(`update chat_head set "leaseUntil" = now() + interval '1 minute' where "chatId" = $1`, [chatId])
    expect((await askForTokens(origin, contents)).status).toBe(200)
  })

  it('takes nothing but a small refresh at its own address', async () => {
    const post = async (url: string, body: string, method = 'POST') =>
      (await fetch(`${origin}${url}`, { method, ...(method === 'POST' && { body }), headers: { 'content-type': 'application/json' } }))
        .status
    expect(await post('/ai/login/codex/token', '{"grant_type":"password"}')).toBe(400)
    expect(await post('/ai/login/codex/token', 'no json')).toBe(400)
    expect(await post('/ai/login/codex/token', `"${'x'.repeat(20_000)}"`)).toBe(413)
    expect(await post('/ai/login/claude/token', '{}')).toBe(404)
    expect(await post('/ai/login/codex/token/more', '{}')).toBe(404)
    expect(await post('/ai/login/codex/token', '', 'GET')).toBe(405)
  })
})

it('stores what the vendor answered also when the database hangs up just then', async () => {
  const login = vendor.codexLogin(EXPIRED)
  const world = await seedLogin('codex', login.contents)
  const { contents } = await running(world)
  let hungUp = 0
  vendor.route(({ path: asked, body }) => {
    if (asked !== '/oauth/token' || !body.includes(login.refresh)) return null
    // Whoever holds the lock of this login waits for this very answer.
    return pool()
      .query(
        `select pg_terminate_backend(l.pid) from pg_locks l join pg_database d on d.oid = l.database
         where l.locktype = 'advisory' and l.granted and d.datname = current_database() and l.pid <> pg_backend_pid()`,
      )
      .then(({ rowCount }) => {
        hungUp += rowCount ?? 0
        const outcome = vendor.logins.renew('openai', login.refresh)
        if ('refused' in outcome) throw new Error('asked twice')
        const { access, refresh, idToken } = outcome.issued
        return { status: 200, body: { access_token: access, refresh_token: refresh, id_token: idToken } }
      })
  })
  const answer = await askForTokens(origin, contents)
  expect(hungUp).toBe(1)
  expect([answer.status, accountOf(answer)]).toEqual([200, login.account.accountId])
  expect(await storedLogin(world.credentialId)).toMatchObject({ loginRevision: 1, brokenCode: null })
})

describe('over several processes', () => {
  type Broker = { origin: string; exited: Promise<unknown[]>; child: ChildProcess; printed: () => string }

  /** The proxy's own process, which answers for logins too: another process on the same database. */
  async function startBroker(extra: Record<string, string> = {}): Promise<Broker> {
    const port = await freePort()
    const child = spawn(process.execPath, ['server/proxy/main.ts'], {
      cwd: root,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        GATEHOUSE_HOME: folder,
        GATEHOUSE_LOG: 'trace',
        GATEHOUSE_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
        GATEHOUSE_PROXY_PORT: String(port),
        GATEHOUSE_TESTING: '1',
        DATABASE_URL: databaseUrl(),
        ...vendor.environment,
        ...extra,
      } as unknown as NodeJS.ProcessEnv,
    })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    const own = { child, origin: `http://127.0.0.1:${port}`, exited: once(child, 'exit'), printed: () => text }
    await vi.waitFor(async () => expect((await fetch(`${own.origin}/api/health`)).status).toBe(200), { timeout: 20_000 })
    return own
  }

  it('asks the vendor once, since the lock is the database’s', async () => {
    const login = vendor.codexLogin(EXPIRED)
    const world = await seedLogin('codex', login.contents)
    const runs = []
    for (let at = 0; at < 6; at += 1) runs.push(await running(world))
    const brokers = await Promise.all([startBroker(), startBroker()])
    try {
      const answers = await Promise.all(runs.map(({ contents }, at) => askForTokens(brokers[at % 2]!.origin, contents)))
      expect(answers.map((each) => [each.status, accountOf(each)])).toEqual(runs.map(() => [200, login.account.accountId]))
      expect(refreshes(login.account.accountId)).toEqual(['refreshed'])
      const logged = brokers.map(({ printed }) => printed()).join('')
      expect(logged).toContain('The proxy listens')
      for (const { body } of answers) for (const secret of [body.access_token!, body.refresh_token!]) expect(logged).not.toContain(secret)
      expect(logged).not.toContain(login.refresh)
    } finally {
      for (const { child } of brokers) child.kill('SIGKILL')
    }
  })

  it('loses nothing when it is killed between the commit and its answer', async () => {
    const login = vendor.codexLogin(EXPIRED)
    const world = await seedLogin('codex', login.contents)
    const { contents } = await running(world)
    const broker = await startBroker({ GATEHOUSE_TEST_FAIL_POINT: 'login.committed' })
    await expect(askForTokens(broker.origin, contents)).rejects.toThrow(/fetch failed|terminated/)
    expect(await broker.exited).toEqual([null, 'SIGKILL'])
    expect(await storedLogin(world.credentialId)).toMatchObject({ loginRevision: 1 })
    const again = await askForTokens(origin, contents)
    expect([again.status, accountOf(again)]).toEqual([200, login.account.accountId])
    expect(refreshes(login.account.accountId)).toEqual(['refreshed'])
  })

  it('says plainly what is lost when it is killed before the commit, which the vendor alone could mend', async () => {
    const login = vendor.codexLogin(EXPIRED)
    const world = await seedLogin('codex', login.contents)
    const { contents } = await running(world)
    const broker = await startBroker({ GATEHOUSE_TEST_FAIL_POINT: 'login.answered' })
    await expect(askForTokens(broker.origin, contents)).rejects.toThrow(/fetch failed|terminated/)
    await broker.exited
    expect(await askForTokens(origin, contents)).toMatchObject({ status: 401, body: { error: { code: 'refresh_token_reused' } } })
    expect(await storedLogin(world.credentialId)).toMatchObject({ loginRevision: 0, brokenCode: 'login.elsewhere' })
  })
})

describe('a login that its program renews', () => {
  it('goes to one chat at a time, and the one that waits is told so', async () => {
    const world = await seedLogin('claude-code', vendor.claudeLogin().contents)
    const first = await running(world)
    const second = await prompted(world)
    const asked: unknown[] = []
    const stop = onHint((hint) => void (hint.about === 'yield' && asked.push(hint.chatId)))
    expect(await start(world, second)).toEqual({ ok: false, code: 'login.in-use', facts: { harness: 'claude-code' } })
    // One that only rests is asked to give it up; one that works is not.
    expect(asked).toEqual([first.chatId])
    await pool().query('update chat_head set "activeTurn" = $2 where "chatId" = $1', [first.chatId, first.turnId])
    expect(await start(world, second)).toMatchObject({ ok: false, code: 'login.in-use' })
    expect(asked).toHaveLength(1)
    stop()
    await handBack(world, first)
    expect(await start(world, second)).toMatchObject({ ok: true, grant: { delivery: { via: 'file' } } })
  })

  const profileAsks = () => vendor.received.filter((each) => each.path === '/api/oauth/profile').length
  const forget = (id: string) =>
    pool().query(`update credential set "loginFacts" = jsonb_set("loginFacts", '{person}', 'null') where id = $1`, [id])

  it('asks its vendor nothing for a chat that waits', async () => {
    const world = await seedLogin('claude-code', vendor.claudeLogin().contents)
    await running(world)
    await forget(world.credentialId)
    const waiting = await prompted(world)
    const before = profileAsks()
    for (let at = 0; at < 3; at += 1) expect(await start(world, waiting)).toMatchObject({ ok: false, code: 'login.in-use' })
    expect(profileAsks()).toBe(before)
  })

  it('asks its vendor once about tokens that it does not know, and again about others', async () => {
    let isRefusing = true
    vendor.route(({ path: asked }) => (isRefusing && asked === '/api/oauth/profile' ? { status: 401, body: {} } : null))
    const world = await seedLogin('claude-code', vendor.claudeLogin().contents)
    const before = profileAsks()
    for (let at = 0; at < 3; at += 1) {
      await handBack(world, await running(world))
    }
    expect(profileAsks()).toBe(before + 1)
    isRefusing = false
    const fresh = vendor.claudeLogin()
    await connectLogin(world, fresh.contents)
    const since = profileAsks()
    await running(world)
    expect(profileAsks()).toBe(since + 1)
    expect(await storedLogin(world.credentialId)).toMatchObject({ loginFacts: { person: expect.any(String) } })
  })

  it('goes to one of many that ask at once', async () => {
    const world = await seedLogin('claude-code', vendor.claudeLogin().contents)
    const waiting = []
    for (let at = 0; at < 5; at += 1) waiting.push(await prompted(world))
    const started = await Promise.all(waiting.map((each) => start(world, each)))
    expect(started.filter((each) => each.ok)).toHaveLength(1)
    expect(started.filter((each) => !each.ok && each.code === 'login.in-use')).toHaveLength(4)
  })
})

async function freePort(): Promise<number> {
  const taken = createPlainServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  taken.close()
  await once(taken, 'close')
  return port
}
