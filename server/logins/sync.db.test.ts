import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { NodeId } from '#core/ids.ts'
import { claudeFile, codexFile, type Account } from '#e2e/world/fake-vendor-logins.ts'
import { startFakeVendor, type FakeVendor } from '#e2e/world/fake-vendor.ts'
import { inTransaction, pool } from '#server/db/client.ts'
import { syncLogin } from '#server/logins/service.ts'
import {
  auditActs,
  connectLogin,
  failuresOf,
  handBack,
  prompted,
  running,
  seedLogin,
  start,
  storedLogin,
  takeAwayAndBringBack,
  type LoginRunning,
  type LoginWorld,
} from '#server/logins/testing.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-logins-'))
let vendor: FakeVendor
let logins: FakeVendor['logins']
let account: Account

beforeAll(async () => {
  const brain = () => {
    throw new Error('nobody asks a model here')
  }
  vendor = await startFakeVendor({ folder, brain })
  ;({ logins } = vendor)
  account = logins.newAccount({ plan: 'max' })
  Object.assign(process.env, { GATEHOUSE_TESTING: '1', ...vendor.environment })
})
afterAll(async () => {
  await vendor.close()
  rmSync(folder, { recursive: true, force: true })
})

const login = (options: Parameters<typeof logins.issue>[2] = {}) => logins.issue('anthropic', account, options)
const fileOf = (given: ReturnType<typeof login>, organizationUuid = 'org-1') =>
  JSON.stringify({ ...JSON.parse(claudeFile(given)), organizationUuid })

const seed = async (contents = fileOf(login())): Promise<{ world: LoginWorld; run: LoginRunning }> => {
  const world = await seedLogin('claude-code', contents)
  return { world, run: await running(world) }
}
const say = ({ nodeId }: Pick<LoginWorld, 'nodeId'>, { chatId, epoch, runId }: LoginRunning, contents: string) =>
  syncLogin(nodeId, { chatId, epoch, runId, contents })
const credentialMissing = { is: 'refused', code: 'credential.missing' }

it('keeps what a program made of its login, and gives it to the next run', async () => {
  const { world, run } = await seed()
  const next = fileOf(login({ expiresInMs: 7_200_000 }))
  expect(await say(world, run, run.contents)).toEqual({ is: 'unchanged' })
  expect(await say(world, run, next)).toEqual({ is: 'kept' })
  expect(await say(world, run, next)).toEqual({ is: 'unchanged' })
  const again = fileOf(login())
  expect(await say(world, run, again)).toEqual({ is: 'kept' })
  expect(await storedLogin(world.credentialId)).toMatchObject({
    version: 1,
    loginRevision: 2,
    loginFacts: { plan: 'max', account: 'org-1' },
  })
  expect(await auditActs(world.credentialId)).toEqual(['login.synced', 'login.synced'])
  await handBack(world, run)
  expect((await running(world)).contents).toBe(again)
})

it('takes the last word of a run that is over, while nobody made anything of the login since', async () => {
  const { world, run } = await seed()
  await handBack(world, run)
  const late = fileOf(login())
  expect(await say(world, run, late)).toEqual({ is: 'kept' })
  const second = await running(world)
  expect(second.contents).toBe(late)
  expect(await say(world, second, fileOf(login()))).toEqual({ is: 'kept' })
  expect(await say(world, run, fileOf(login()))).toEqual({ is: 'refused', code: 'login.in-use' })
})

it('lets no old run overwrite an account that was replaced', async () => {
  const { world, run } = await seed()
  const replaced = fileOf(logins.issue('anthropic', logins.newAccount()), 'org-2')
  await connectLogin(world, replaced)
  expect(await say(world, run, fileOf(login()))).toEqual(credentialMissing)
  expect(await say(world, run, '{}')).toEqual(credentialMissing)
  await handBack(world, run)
  expect(await say(world, run, fileOf(login()))).toEqual(credentialMissing)
  expect(await storedLogin(world.credentialId)).toMatchObject({ version: 2, loginRevision: 1, brokenCode: null })
  expect((await running(world)).contents).toBe(replaced)
})

it('takes the last word of a run whose login was taken away and brought back, since its tokens are the only ones left', async () => {
  const { world, run } = await seed()
  await takeAwayAndBringBack(world)
  await handBack(world, run)
  const late = fileOf(login())
  expect(await say(world, run, late)).toEqual({ is: 'kept' })
  expect(await storedLogin(world.credentialId)).toMatchObject({ version: 2, loginRevision: 1 })
  expect((await running(world)).contents).toBe(late)
})

it.each([
  ['of another account', 'login.other-account', () => fileOf(login(), 'org-9')],
  ['of no account that it says', 'login.other-account', () => claudeFile(login())],
  ['with a wider scope', 'login.wider-scope', () => fileOf(login({ scope: 'user:inference user:profile org:create_api_key' }))],
])('refuses a file %s, keeps the former, and says so', async (_name, code, contents) => {
  const { world, run } = await seed()
  expect(await say(world, run, contents())).toEqual({ is: 'refused', code })
  expect(await storedLogin(world.credentialId)).toMatchObject({ loginRevision: 0, brokenCode: null, lastErrorCode: code })
  expect(await auditActs(world.credentialId)).toEqual(['login.refused'])
  expect(await failuresOf(run.chatId)).toEqual([])
})

it('asks the vendor whose a login is that does not say so itself, and takes nobody else’s', async () => {
  const { world, run } = await seed(claudeFile(login()))
  const asked = () => vendor.received.filter((each) => each.path === '/api/oauth/profile').length
  expect(await storedLogin(world.credentialId)).toMatchObject({ loginFacts: { account: null, person: account.accountId } })
  const own = claudeFile(login())
  const before = asked()
  expect(await say(world, run, own)).toEqual({ is: 'kept' })
  expect(asked()).toBe(before + 1)
  const planted = claudeFile(logins.issue('anthropic', logins.newAccount()))
  expect(await say(world, run, planted)).toEqual({ is: 'refused', code: 'login.other-account' })
  // Nor with another's refresh token beside the own access token, nor with tokens that the vendor does not know.
  const halfPlanted = own.replace(/sk-ant-ort01-[\w-]+/, /sk-ant-ort01-[\w-]+/.exec(planted)![0])
  expect(await say(world, run, halfPlanted)).toEqual({ is: 'refused', code: 'login.other-account' })
  expect(await say(world, run, planted.replaceAll('sk-ant-oat01-', 'sk-ant-oat01-x'))).toEqual({
    is: 'refused',
    code: 'login.other-account',
  })
  expect(await storedLogin(world.credentialId)).toMatchObject({ loginRevision: 1, loginFacts: { person: account.accountId } })
})

it('asks the vendor no more often than a program refreshes', async () => {
  const { world, run } = await seed(claudeFile(login()))
  const answers = []
  for (let at = 0; at < 12; at += 1) answers.push(await say(world, run, claudeFile(login())))
  expect(answers.slice(0, 10)).toEqual(answers.slice(0, 10).map(() => ({ is: 'kept' })))
  expect(answers.slice(10)).toEqual(answers.slice(10).map(() => ({ is: 'later', code: 'request.too-many' })))
})

it('calls a blanked login lost, refuses the next run with that word, and finds it again when its program does', async () => {
  const { world, run } = await seed()
  const blanked = fileOf({ ...login(), access: '', refresh: '' })
  const waiting = await prompted(world)
  expect(await say(world, run, blanked)).toEqual({ is: 'refused', code: 'login.lost' })
  expect(await say(world, run, blanked)).toEqual({ is: 'refused', code: 'login.lost' })
  expect(await storedLogin(world.credentialId)).toMatchObject({ loginRevision: 0, brokenCode: 'login.lost' })
  expect(await auditActs(world.credentialId)).toEqual(['login.refused'])
  expect(await failuresOf(run.chatId)).toEqual([{ turnId: run.turnId, code: 'login.lost', provider: 'anthropic', harness: 'claude-code' }])
  expect(await start(world, waiting)).toMatchObject({ ok: false, code: 'login.lost' })
  expect(await say(world, run, fileOf(login()))).toEqual({ is: 'kept' })
  expect(await storedLogin(world.credentialId)).toMatchObject({ loginRevision: 1, brokenCode: null })
})

it('believes a node only about its own runs, and waits for a file that is just being written', async () => {
  const { world, run } = await seed()
  const next = fileOf(login())
  expect(await syncLogin(randomUUID() as NodeId, { ...run, contents: next })).toEqual(credentialMissing)
  expect(await say(world, { ...run, epoch: run.epoch + 1 }, next)).toEqual(credentialMissing)
  expect(await say(world, { ...run, chatId: randomUUID() as LoginRunning['chatId'] }, next)).toEqual(credentialMissing)
  expect(await say(world, run, next.slice(0, 40))).toEqual({ is: 'unchanged' })
  expect(await storedLogin(world.credentialId)).toMatchObject({ loginRevision: 0, brokenCode: null })
})

it('takes nothing from the file of a brokered login, whose refresh token is a sentinel', async () => {
  const issued = logins.issue('openai', logins.newAccount())
  const world = await seedLogin('codex', codexFile(issued))
  const run = await running(world)
  expect(await say(world, run, run.contents.replaceAll('acct', 'other'))).toEqual({ is: 'unchanged' })
  expect(await say(world, run, '{}')).toEqual({ is: 'unchanged' })
  expect(await storedLogin(world.credentialId)).toMatchObject({ loginRevision: 0, brokenCode: null })
})

it.each([
  ['that is no header value', 'sk-ant-oat01-x\n'],
  ['that no header holds', `sk-ant-oat01-${'x'.repeat(100_000)}`],
])('takes no file with a token %s for one whose vendor is away, and asks about the next', async (_name, accessToken) => {
  const { world, run } = await seed(claudeFile(login()))
  const planted = claudeFile({ ...logins.issue('anthropic', logins.newAccount()), access: accessToken })
  expect(await say(world, run, planted)).toEqual({ is: 'refused', code: 'login.other-account' })
  expect(await storedLogin(world.credentialId)).toMatchObject({ loginRevision: 0 })
  const others = claudeFile(logins.issue('anthropic', logins.newAccount()))
  expect(await say(world, run, others)).toEqual({ is: 'refused', code: 'login.other-account' })
  expect(await say(world, run, claudeFile(login()))).toEqual({ is: 'kept' })
})

it.each([
  [401, { is: 'refused', code: 'login.other-account' }],
  [403, { is: 'refused', code: 'login.other-account' }],
  [400, { is: 'later', code: 'provider.unreachable' }],
  [404, { is: 'later', code: 'provider.unreachable' }],
  [408, { is: 'later', code: 'provider.unreachable' }],
  [429, { is: 'later', code: 'provider.unreachable' }],
  [500, { is: 'later', code: 'provider.unreachable' }],
])('takes nothing unasked while its vendor answers %d, and asks again at once', async (status, reply) => {
  const { world, run } = await seed(claudeFile(login()))
  let isAway = true
  vendor.route(({ path: asked }) => (isAway && asked === '/api/oauth/profile' ? { status, body: {} } : null))
  const next = claudeFile(login())
  expect(await say(world, run, next)).toEqual(reply)
  expect(await storedLogin(world.credentialId)).toMatchObject({ loginRevision: 0, loginFacts: { person: account.accountId } })
  isAway = false
  expect(await say(world, run, next)).toEqual({ is: 'kept' })
})

it('lets a daemon keep what cannot be compared, since the key that opens the former may come back', async () => {
  const { world, run } = await seed()
  const next = fileOf(login())
  await pool().query('update credential set "masterVersion" = "masterVersion" + 1000 where id = $1', [world.credentialId])
  expect(await say(world, run, next)).toEqual({ is: 'later', code: 'connection.unreadable' })
  await pool().query('update credential set "masterVersion" = "masterVersion" - 1000 where id = $1', [world.credentialId])
  expect(await say(world, run, next)).toEqual({ is: 'kept' })
})

it('waits for the chat before it holds the login, as a removal of its member does', async () => {
  const { world, run } = await seed()
  let told: Promise<unknown> | undefined
  await inTransaction(async (tx) => {
    await tx.query('select from chat_head where "chatId" = $1 for update', [run.chatId])
    await tx.query('update run set "endedAt" = now() where id = $1', [run.runId])
    told = say(world, run, fileOf(login()))
    await vi.waitFor(async () => {
      const { rows } = await pool().query(
        `select from pg_locks l join pg_stat_activity a on a.pid = l.pid where not l.granted and a.datname = current_database()`,
      )
      expect(rows).toHaveLength(1)
    })
    await tx.query('select from credential where id = $1 for update nowait', [world.credentialId])
  })
  expect(await told).toEqual({ is: 'kept' })
})

it('takes no login of OpenCode that may be another’s: one without an account, whose refresh token has changed', async () => {
  const file = (given: object) => JSON.stringify({ anthropic: { type: 'oauth', access: 'a1', refresh: 'r1', expires: 1, ...given } })
  const world = await seedLogin('opencode', file({}))
  const run = await running(world)
  expect(await say(world, run, file({ access: 'a2', refresh: 'r2' }))).toEqual({ is: 'refused', code: 'login.other-account' })
  expect(await say(world, run, file({ access: 'a2', expires: 2 }))).toEqual({ is: 'kept' })
})

// Last: no run waits for such a vendor for a while.
it('keeps what a program made of its login also while its vendor says nothing, where nobody knows whose it was', async () => {
  vendor.route(({ path: asked }) => (asked === '/api/oauth/profile' ? { status: 500, body: {} } : null))
  const { world, run } = await seed(claudeFile(login()))
  expect(await say(world, run, claudeFile(login()))).toEqual({ is: 'kept' })
  expect(await storedLogin(world.credentialId)).toMatchObject({ loginRevision: 1, loginFacts: { person: null } })
})
