import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Scope } from '#core/connections/connection.ts'
import { SIGN_IN_MS, SILENT_AFTER_MS, TAKEN_WITHIN_MS, UNWATCHED_AFTER_MS } from '#core/connections/sign-in.ts'
import type { NodeId } from '#core/ids.ts'
import type { CallRequest } from '#core/links/daemon.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { listConnections } from '#server/connections/service.ts'
import { openSocketServer, TestDaemon } from '#server/daemons/testing.ts'
import { pool, prisma } from '#server/db/client.ts'
import { seedProject, seedTeamScope } from '#server/db/testing.ts'
import { answerSignIn, cancelSignIn, readSignIn, startSignIn } from '#server/sign-ins/service.ts'
import { takeSignIn, tellSignIn } from '#server/sign-ins/node-side.ts'

const failure = (code: string) => expect.objectContaining({ name: 'DomainError', code })
const url = 'https://auth.openai.com/codex/device'
const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`
const login = (account: string): string => {
  const token = jwt({
    email: `${account}@example.test`,
    'https://api.openai.com/auth': { chatgpt_account_id: account, chatgpt_plan_type: 'plus' },
  })
  return JSON.stringify({ tokens: { id_token: token, access_token: token, refresh_token: `rt-${account}`, account_id: account } })
}

let server: Awaited<ReturnType<typeof openSocketServer>>
let daemon: TestDaemon
beforeAll(async () => {
  server = await openSocketServer()
  daemon = await TestDaemon.join(server.url)
})
afterAll(async () => {
  daemon.close()
  await server.close()
})
beforeEach(async () => {
  await prisma().signIn.deleteMany({})
  await has('codex', 'claude-code', 'opencode')
})

/** What the node says that it can run. */
const has = (...harnesses: string[]) =>
  daemon.call('report', {
    sandbox: { level: 'namespaces', reason: null },
    harnesses: harnesses.map((harness) => ({ harness, version: '1', onDisk: ['1'], state: 'installed', fraction: null, detail: null })),
    health: null,
    rssBytes: 0,
    runs: 0,
  })

const start = (scope: TeamScope, given: Partial<Parameters<typeof startSignIn>[1]> = {}) =>
  startSignIn(scope, { harness: 'codex', scope: 'user', ...given })
const tell = (signInId: string, event: CallRequest<'tellSignIn'>['event']) => daemon.call('tellSignIn', { signInId, event })

async function shown(scope: TeamScope, given: Partial<Parameters<typeof startSignIn>[1]> = {}): Promise<string> {
  const { signInId } = await start(scope, given)
  expect(await daemon.call('takeSignIn', { signInId })).toMatchObject({ is: 'yours' })
  const page = given.harness === 'claude-code' ? 'https://claude.com/cai/oauth/authorize' : url
  await tell(signInId, { is: 'shown', url: page, userCode: given.harness === 'claude-code' ? null : 'ABCD-12345' })
  return signInId
}

const acts = async (signInId: string) =>
  (await prisma().auditEntry.findMany({ where: { subjectId: signInId }, orderBy: { seq: 'asc' } })).map(({ act, facts }) => [act, facts])

it('goes from a click to a connection, by the whole protocol', async () => {
  const scope = await seedTeamScope()
  const { signInId } = await start(scope)
  expect(await readSignIn(scope, { signInId })).toMatchObject({ state: 'waiting-for-node', url: null, userCode: null })
  await daemon.hint((hint) => hint.hint === 'sign-in' && hint.signInId === signInId)
  expect(await daemon.call('takeSignIn', { signInId })).toEqual({ is: 'yours', harness: 'codex' })
  expect(await daemon.call('takeSignIn', { signInId })).toEqual({ is: 'gone' })
  expect(await readSignIn(scope, { signInId })).toMatchObject({ state: 'starting', nodeName: 'here' })
  expect(await tell(signInId, { is: 'shown', url, userCode: 'ABCD-12345' })).toEqual({ goOn: true, answer: null })
  expect(await readSignIn(scope, { signInId })).toMatchObject({ state: 'waiting-for-person', asks: 'confirm', url, userCode: 'ABCD-12345' })
  expect(await tell(signInId, { is: 'waiting' })).toEqual({ goOn: true, answer: null })

  expect(await tell(signInId, { is: 'finished', contents: login('acc-1') })).toEqual({ goOn: false, answer: null })
  const seen = await readSignIn(scope, { signInId })
  expect(seen).toMatchObject({ state: 'connected', failure: null, url: null, userCode: null })
  const codex = (await listConnections(scope, {})).find((row) => row.harness === 'codex')!
  expect(codex.resolution).toMatchObject({ state: 'active', scope: 'user', connectionId: seen.connectionId })
  expect(codex.attachments).toMatchObject([{ isMine: true, credential: { kind: 'auth-file' } }])
  const facts = { harness: 'codex', scope: 'user', projectId: null }
  expect(await acts(signInId)).toEqual([
    ['sign-in.started', facts],
    ['sign-in.finished', { ...facts, outcome: 'connected', failure: null }],
  ])
  // Nothing of the login stands in the clear, in any row but the sealed one.
  const { rows } = await pool().query<{ text: string }>(`select row_to_json(s)::text as text from sign_in s where id = $1`, [signInId])
  expect(rows[0]!.text).not.toMatch(/rt-acc-1|ABCD-12345|auth\.openai/)

  // Said again, since its answer may have been lost: nothing comes of it.
  const before = await prisma().credential.findMany({ where: { teamId: scope.teamId } })
  expect(await tell(signInId, { is: 'finished', contents: login('acc-2') })).toEqual({ goOn: false, answer: null })
  expect(await prisma().credential.findMany({ where: { teamId: scope.teamId } })).toEqual(before)
})

it('replaces what was connected in its place, by the same row', async () => {
  const scope = await seedTeamScope()
  const first = await shown(scope)
  await tell(first, { is: 'finished', contents: login('acc-1') })
  const { connectionId } = await readSignIn(scope, { signInId: first })
  const second = await shown(scope, { connectionId: connectionId! })
  await tell(second, { is: 'finished', contents: login('acc-1') })
  expect(await readSignIn(scope, { signInId: second })).toMatchObject({ state: 'connected', connectionId })
  expect(await prisma().credential.count({ where: { teamId: scope.teamId } })).toBe(1)
  await expect(start(scope, { connectionId: randomUUID() })).rejects.toEqual(failure('connection.missing'))
  await expect(start(scope, { harness: 'claude-code', connectionId: connectionId! })).rejects.toEqual(failure('connection.missing'))
})

it('hands the program what the person brought back, until it is over', async () => {
  const scope = await seedTeamScope()
  const signInId = await shown(scope, { harness: 'claude-code' })
  expect(await readSignIn(scope, { signInId })).toMatchObject({ state: 'waiting-for-person', asks: 'paste', userCode: null })
  await expect(answerSignIn(scope, { signInId, answer: 'half of it' })).rejects.toEqual(failure('request.invalid'))
  daemon.hints.length = 0
  await answerSignIn(scope, { signInId, answer: ' theCode_1#theState_1\n' })
  await daemon.hint((hint) => hint.hint === 'sign-in')
  const { rows } = await pool().query<{ text: string }>(`select row_to_json(s)::text as text from sign_in s where id = $1`, [signInId])
  expect(rows[0]!.text).not.toContain(Buffer.from('theCode_1').toString('hex'))
  // Whichever reply is lost, the next one says it again.
  for (let each = 0; each < 2; each += 1)
    expect(await tell(signInId, { is: 'waiting' })).toEqual({ goOn: true, answer: 'theCode_1#theState_1' })
  await tell(signInId, { is: 'finished', contents: JSON.stringify({ claudeAiOauth: { accessToken: 'a', refreshToken: 'r' } }) })
  expect(await prisma().signIn.findUnique({ where: { id: signInId } })).toMatchObject({ state: 'connected', answer: null })
  await expect(answerSignIn(scope, { signInId, answer: 'theCode_1#theState_1' })).rejects.toEqual(failure('sign-in.too-late'))
})

describe('who may', () => {
  it('is asked at the start, as for a pasted login', async () => {
    const admin = await seedTeamScope({ isInstanceOwner: true })
    const member = await seedTeamScope({ teamId: admin.teamId, role: 'member' })
    const viewer = await seedTeamScope({ teamId: admin.teamId, role: 'viewer' })
    const ofAdmin = await seedProject(admin)
    const ofMember = await seedProject(member)
    const tries: [TeamScope, Scope, string | undefined, string | null][] = [
      [member, 'user', undefined, null],
      [viewer, 'user', undefined, 'access.denied'],
      [member, 'project', ofMember, null],
      [admin, 'project', ofMember, null],
      [member, 'project', ofAdmin, 'access.denied'],
      [viewer, 'project', ofAdmin, 'access.denied'],
      [member, 'project', await seedProject(await seedTeamScope()), 'project.missing'],
      [member, 'project', undefined, 'request.invalid'],
      [admin, 'platform', undefined, null],
      [member, 'platform', undefined, 'access.denied'],
    ]
    for (const [scope, place, projectId, code] of tries) {
      const started = start(scope, { scope: place, ...(projectId !== undefined && { projectId }) })
      if (code) await expect(started).rejects.toEqual(failure(code))
      else expect((await started).signInId).toBeTruthy()
    }
    await expect(start(member, { harness: 'nobody' })).rejects.toEqual(failure('harness.unknown'))
    // It signs in on a terminal only.
    await expect(start(member, { harness: 'opencode' })).rejects.toEqual(failure('connection.refused-by-harness'))
  })

  it('is asked again at the end: a maintainer who was made a viewer connects nothing', async () => {
    const admin = await seedTeamScope()
    const member = await seedTeamScope({ teamId: admin.teamId, role: 'member' })
    const projectId = await seedProject(member)
    const [demoted, removed] = [await shown(member, { scope: 'project', projectId }), await shown(member)]
    await prisma().member.updateMany({ where: { userId: member.userId }, data: { role: 'viewer' } })
    await tell(demoted, { is: 'finished', contents: login('acc-1') })
    expect(await readSignIn(member, { signInId: demoted })).toMatchObject({ state: 'failed', failure: { code: 'access.denied' } })
    await prisma().member.deleteMany({ where: { userId: member.userId } })
    await tell(removed, { is: 'finished', contents: login('acc-1') })
    expect(await prisma().signIn.findUnique({ where: { id: removed } })).toMatchObject({ state: 'failed', failureCode: 'team.missing' })
    expect(await prisma().credential.count({ where: { teamId: admin.teamId } })).toBe(0)
  })

  it('sees, answers and cancels only what they started, in the team where they did', async () => {
    const owner = await seedTeamScope()
    const signInId = await shown(owner)
    const others = [await seedTeamScope({ teamId: owner.teamId }), await seedTeamScope()]
    for (const other of others) {
      await expect(readSignIn(other, { signInId })).rejects.toEqual(failure('sign-in.missing'))
      await expect(cancelSignIn(other, { signInId })).rejects.toEqual(failure('sign-in.missing'))
      await expect(answerSignIn(other, { signInId, answer: 'a#b' })).rejects.toEqual(failure('sign-in.missing'))
    }
    await expect(readSignIn(owner, { signInId: randomUUID() })).rejects.toEqual(failure('sign-in.missing'))
    expect(await readSignIn(owner, { signInId })).toMatchObject({ state: 'waiting-for-person' })
  })

  it('has so many at once and no more', async () => {
    const scope = await seedTeamScope()
    const all = [await start(scope), await start(scope), await start(scope), await start(scope), await start(scope)]
    await expect(start(scope)).rejects.toEqual(failure('request.too-many'))
    await cancelSignIn(scope, all[0]!)
    expect((await start(scope)).signInId).toBeTruthy()
  })
})

describe('a node', () => {
  it('says nothing of a sign-in that is another’s, or nobody’s', async () => {
    const scope = await seedTeamScope()
    const signInId = await shown(scope)
    const stranger = randomUUID() as NodeId
    expect(await takeSignIn(stranger, { signInId })).toEqual({ is: 'gone' })
    expect(await takeSignIn(stranger, { signInId: randomUUID() })).toEqual({ is: 'gone' })
    for (const event of [
      { is: 'finished', contents: login('evil') },
      { is: 'failed', code: 'sign-in.failed', detail: '' },
    ] as const) {
      expect(await tellSignIn(stranger, { signInId, event })).toEqual({ goOn: false, answer: null })
    }
    expect(await readSignIn(scope, { signInId })).toMatchObject({ state: 'waiting-for-person' })
  })

  it('cannot send people anywhere but to the vendor', async () => {
    const scope = await seedTeamScope()
    const { signInId } = await start(scope)
    await daemon.call('takeSignIn', { signInId })
    await tell(signInId, { is: 'shown', url: 'https://auth.openai.com.example/codex/device', userCode: 'ABCD-12345' })
    expect(await readSignIn(scope, { signInId })).toMatchObject({ state: 'failed', url: null, failure: { code: 'sign-in.failed' } })
  })

  it('brings a login that is judged as a pasted one is', async () => {
    const scope = await seedTeamScope()
    const signInId = await shown(scope)
    await tell(signInId, { is: 'finished', contents: '{"OPENAI_API_KEY":"sk-x"}' })
    expect(await readSignIn(scope, { signInId })).toMatchObject({ state: 'failed', failure: { code: 'credential.malformed' } })
    expect(await prisma().credential.count({ where: { teamId: scope.teamId } })).toBe(0)
  })

  it('tells why it failed', async () => {
    const scope = await seedTeamScope()
    const { signInId } = await start(scope)
    await daemon.call('takeSignIn', { signInId })
    await tell(signInId, { is: 'failed', code: 'harness.install-failed', detail: 'no space left' })
    const { state, failure: told } = await readSignIn(scope, { signInId })
    expect({ state, told }).toEqual({
      state: 'failed',
      told: { code: 'harness.install-failed', facts: { harness: 'codex', detail: 'no space left' } },
    })
  })

  it('must be there, with the program', async () => {
    await has('claude-code')
    await expect(start(await seedTeamScope())).rejects.toEqual(failure('node.offline'))
  })
})

describe('the end', () => {
  it('comes by Cancel, once, and the node hears of it', async () => {
    const scope = await seedTeamScope()
    const signInId = await shown(scope)
    await cancelSignIn(scope, { signInId })
    await cancelSignIn(scope, { signInId })
    await daemon.hint((hint) => hint.hint === 'sign-in-over' && hint.signInId === signInId)
    expect(await tell(signInId, { is: 'waiting' })).toEqual({ goOn: false, answer: null })
    expect(await tell(signInId, { is: 'finished', contents: login('late') })).toEqual({ goOn: false, answer: null })
    expect(await readSignIn(scope, { signInId })).toMatchObject({ state: 'cancelled', failure: null, connectionId: null })
    expect(await prisma().credential.count({ where: { teamId: scope.teamId } })).toBe(0)
    expect((await acts(signInId)).map(([act]) => act)).toEqual(['sign-in.started', 'sign-in.finished'])
  })

  const ago = (ms: number) => new Date(Date.now() - ms - 1_000)
  it.each([
    ['fifteen minutes', { expiresAt: ago(0), createdAt: ago(SIGN_IN_MS) }, 'expired', 'sign-in.too-late'],
    ['a silent node', { toldAt: ago(SILENT_AFTER_MS) }, 'failed', 'node.offline'],
  ] as const)('comes by %s, and whoever looks is told', async (_, data, state, code) => {
    const scope = await seedTeamScope()
    const signInId = await shown(scope)
    await prisma().signIn.update({ where: { id: signInId }, data })
    expect(await readSignIn(scope, { signInId })).toMatchObject({ state, failure: { code } })
    expect(await tell(signInId, { is: 'finished', contents: login('late') })).toEqual({ goOn: false, answer: null })
    expect(await prisma().credential.count({ where: { teamId: scope.teamId } })).toBe(0)
  })

  it('comes when no node takes it', async () => {
    const scope = await seedTeamScope()
    const { signInId } = await start(scope)
    await prisma().signIn.update({ where: { id: signInId }, data: { createdAt: ago(TAKEN_WITHIN_MS) } })
    expect(await readSignIn(scope, { signInId })).toMatchObject({ state: 'failed', failure: { code: 'node.offline' } })
  })

  it('comes when its page has gone, and the node is sent home', async () => {
    const scope = await seedTeamScope()
    const signInId = await shown(scope)
    await prisma().signIn.update({ where: { id: signInId }, data: { watchedAt: ago(UNWATCHED_AFTER_MS) } })
    expect(await tell(signInId, { is: 'waiting' })).toEqual({ goOn: false, answer: null })
    expect(await prisma().signIn.findUnique({ where: { id: signInId } })).toMatchObject({ state: 'cancelled' })
  })
})
