import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Secret } from '#core/connections/secret.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { connect, listConnections, setShared, type ConnectInput } from '#server/connections/service.ts'
import { startTestProvider, type TestProvider } from '#server/connections/testing-provider.ts'
import { disconnect, undo } from '#server/connections/undo-service.ts'
import { destroyRemoved } from '#server/connections/undo-store.ts'
import { pool, prisma } from '#server/db/client.ts'
import { seedProject, seedTeamScope } from '#server/db/testing.ts'
import { attach, detach, listAttachments } from '#server/primitives/attachments-service.ts'
import {
  createConfiguration,
  getConfiguration,
  removeConfiguration,
  updateConfiguration,
} from '#server/primitives/configurations-service.ts'
import { createCredential, getCredential, remove, rename, replace } from '#server/primitives/credentials-service.ts'

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

const failure = (code: string) => expect.objectContaining({ name: 'DomainError', code })
const harness = 'claude-code'
const key = (text = 'own-secret-key'): Secret => provider.key(text).secret
const named = (name: string, secret = key()) => ({ name, owner: 'user', secret }) as const
const own = (text: string, over: Partial<ConnectInput> = {}) => provider.key(text, over)
const idsOf = async (scope: TeamScope) => (await listAttachments(scope))[0]!
const removeMember = ({ teamId, userId }: TeamScope) => prisma().member.deleteMany({ where: { teamId, userId } })
const rowOf = (id: string) => prisma().credential.findUniqueOrThrow({ where: { id } })

it('tries out what is stored by hand, tells what its provider said, and forgets what was said of a former secret', async () => {
  const scope = await seedTeamScope()
  provider.answer.status = 401
  const { credentialId, verdict } = await createCredential(scope, { ...named('Mine'), models: 'claude-own' })
  expect([verdict, provider.asked.length]).toEqual(['refused', 1])
  expect(await getCredential(scope, { credentialId })).toMatchObject({ code: 'provider.refused-key', models: ['claude-own'] })
  expect(await rowOf(credentialId)).toMatchObject({ lastErrorCode: 'provider.refused-key', verdict: 'refused' })
  provider.answer.status = 200
  expect(await replace(scope, { credentialId, secret: key('another-key') })).toEqual({ version: 2, verdict: 'accepted' })
  // Of the same server: its models stay, since nobody named others.
  expect(await getCredential(scope, { credentialId })).toMatchObject({ code: null, models: ['claude-own'] })
  expect(await rowOf(credentialId)).toMatchObject({ lastErrorCode: null, lastErrorAt: null, verdict: 'accepted', brokenCode: null })
  const contents = JSON.stringify({ claudeAiOauth: { accessToken: 'a', expiresAt: 1_000 } })
  expect(await createCredential(scope, named('Over', { kind: 'auth-file', format: 'claude', contents }))).toMatchObject({
    verdict: 'expired',
  })
})

it('stores nothing for somebody who is removed at that moment', async () => {
  const scope = await seedTeamScope()
  const { credentialId } = await createCredential(scope, named('Before'))
  const { configurationId } = await createConfiguration(scope, { harness, credentialId })
  provider.beforeAnswer = () => removeMember(scope)
  await expect(createCredential(scope, named('After'))).rejects.toEqual(failure('team.missing'))
  await expect(replace(scope, { credentialId, secret: key('another-key') })).rejects.toEqual(failure('team.missing'))
  await expect(createConfiguration(scope, { harness, credentialId })).rejects.toEqual(failure('team.missing'))
  await expect(updateConfiguration(scope, { configurationId, settings: {} })).rejects.toEqual(failure('team.missing'))
  await expect(attach(scope, { configurationId, scope: 'user' })).rejects.toEqual(failure('team.missing'))
  expect(await prisma().credential.findMany({ where: { teamId: scope.teamId }, select: { name: true, version: true } })).toEqual([
    { name: 'Before', version: 1 },
  ])
})

it('stores nothing for somebody who may no longer by the time the provider answers', async () => {
  const admin = await seedTeamScope()
  const projectId = await seedProject(await seedTeamScope({ teamId: admin.teamId }))
  const become = (role: 'member' | 'viewer') => () =>
    prisma().member.updateMany({ where: { teamId: admin.teamId, userId: admin.userId }, data: { role } })
  await connect(admin, own('project-key', { scope: 'project', projectId }))
  const { credentialId } = await idsOf(admin)
  provider.beforeAnswer = become('member')
  await expect(replace(admin, { credentialId, secret: key('another-key') })).rejects.toEqual(failure('access.denied'))
  expect(await rowOf(credentialId)).toMatchObject({ version: 1 })
  provider.beforeAnswer = become('viewer')
  await expect(createCredential(admin, named('Mine'))).rejects.toEqual(failure('access.denied'))
  expect(await prisma().credential.count({ where: { teamId: admin.teamId } })).toBe(1)
})

it('ends the sharing of what is given another credential or another sort of key', async () => {
  const scope = await seedTeamScope()
  const { connectionId } = await connect(scope, own('shared-key'))
  await setShared(scope, { connectionId, isShared: true })
  const { configurationId, credentialId: former } = await idsOf(scope)
  const { credentialId } = await createCredential(scope, named('Mine'))
  await updateConfiguration(scope, { configurationId, credentialId })
  const isShared = async () => (await prisma().attachment.findUniqueOrThrow({ where: { id: connectionId } })).isShared
  expect(await isShared()).toBe(false)
  await expect(getCredential(scope, { credentialId: former })).rejects.toEqual(failure('credential.missing'))
  await setShared(scope, { connectionId, isShared: true })
  await replace(scope, { credentialId, secret: key('same-sort-key') })
  expect(await isShared()).toBe(true)
  await replace(scope, { credentialId, secret: { kind: 'api-key', provider: 'anthropic', key: 'sk-ant-api03-abcdefghijk' } })
  expect(await isShared()).toBe(false)
})

it('writes into the log of whom it concerns: what is done to the instance’s own is in no team’s', async () => {
  const owner = await seedTeamScope({ isInstanceOwner: true })
  const { credentialId } = await createCredential(owner, { ...named('All'), owner: 'platform' })
  const { configurationId } = await createConfiguration(owner, { harness, credentialId })
  const { attachmentId } = await attach(owner, { configurationId, scope: 'platform' })
  await rename(owner, { credentialId, name: 'For all' })
  await replace(owner, { credentialId, secret: key('another-key') })
  await updateConfiguration(owner, { configurationId, settings: {} })
  await detach(owner, { attachmentId })
  await removeConfiguration(owner, { configurationId })
  await remove(owner, { credentialId })
  const entries = await prisma().auditEntry.findMany({ where: { actorId: owner.userId }, select: { teamId: true } })
  expect(entries).toEqual(Array.from({ length: 9 }, () => ({ teamId: null })))
})

it('destroys nothing that somebody else named and kept, when a project’s connection is replaced', async () => {
  const admin = await seedTeamScope()
  const mei = await seedTeamScope({ teamId: admin.teamId, role: 'member' })
  const projectId = await seedProject(mei)
  await connect(mei, own('meis-key', { scope: 'project', projectId, settings: { model: 'claude-own', models: 'claude-own' } }))
  const { credentialId } = await idsOf(mei)
  await rename(mei, { credentialId, name: 'Mine for good' })
  const { fingerprint } = await rowOf(credentialId)
  await connect(admin, own('admins-key', { scope: 'project', projectId }))
  expect(await rowOf(credentialId)).toMatchObject({ fingerprint, createdBy: mei.userId })
  // Nobody said how it works there, so it works as before.
  const held = (await listConnections(admin, { projectId })).find((row) => row.harness === harness)!.attachments
  expect(held).toMatchObject([{ isMine: true, settings: { model: 'claude-own', models: 'claude-own' } }])
  expect(held[0]!.credential.credentialId).not.toBe(credentialId)
  // In its row too, and not when somebody says.
  await connect(admin, own('admins-next', { scope: 'project', projectId }))
  const settings = async () =>
    (await listConnections(admin, { projectId })).find((row) => row.harness === harness)!.attachments[0]!.settings
  expect(await settings()).toEqual({ model: 'claude-own', models: 'claude-own' })
  await connect(admin, own('admins-last', { scope: 'project', projectId, settings: {} }))
  expect(await settings()).toEqual({})
})

it('attaches nothing that is on its way out, and tells whoever is late that the place is taken', async () => {
  const scope = await seedTeamScope()
  for (let round = 0; round < 6; round += 1) {
    const { credentialId } = await createCredential(scope, named('Mine'))
    const { configurationId } = await createConfiguration(scope, { harness, credentialId })
    const [attached, connected] = await Promise.allSettled([
      attach(scope, { configurationId, scope: 'user' }),
      connect(scope, own('connected-key')),
    ])
    expect(connected.status).toBe('fulfilled')
    if (attached.status === 'rejected') expect(attached.reason).toEqual(failure('attachment.place-taken'))
    await disconnect(scope, { connectionId: (await listAttachments(scope))[0]!.attachmentId })
    await destroyRemoved(new Date(Date.now() + 1_000))
  }
  // A configuration that is kept, of a credential that is not: disconnecting stops its runs for good.
  const { connectionId } = await connect(scope, own('passing-key'))
  const { configurationId, credentialId } = await idsOf(scope)
  await prisma().configuration.update({ where: { id: configurationId }, data: { isKept: true } })
  await disconnect(scope, { connectionId })
  expect(await rowOf(credentialId)).toMatchObject({ version: 2, revokedAt: null })
  // What is revoked between the look and the attaching is not attached.
  const client = await pool().connect()
  try {
    await client.query('begin')
    await client.query('update credential set "revokedAt" = now() where id = $1', [credentialId])
    const late = attach(scope, { configurationId, scope: 'user' })
    const [told] = await Promise.allSettled([late, waiting().then(() => client.query('commit'))])
    expect(told).toMatchObject({ status: 'rejected', reason: { code: 'configuration.missing' } })
  } finally {
    client.release()
  }
})

/** Until somebody waits for a lock. */
async function waiting(): Promise<void> {
  for (;;) {
    const { rows } = await pool().query(`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
    if (rows.length > 0) return
  }
}

it('brings back what was taken away, and nothing else in its name', async () => {
  const scope = await seedTeamScope()
  const { connectionId } = await connect(scope, own('first-key'))
  const { configurationId, credentialId } = await idsOf(scope)
  await rename(scope, { credentialId, name: 'Mine' })
  const first = await disconnect(scope, { connectionId })
  await replace(scope, { credentialId, secret: key('another-key') })
  await expect(undo(scope, first)).rejects.toEqual(failure('undo.too-late'))
  await expect(getConfiguration(scope, { configurationId })).rejects.toEqual(failure('configuration.missing'))
  const again = await createConfiguration(scope, { harness, credentialId })
  const { attachmentId } = await attach(scope, { ...again, scope: 'user' })
  const second = await disconnect(scope, { connectionId: attachmentId })
  const other = await createCredential(scope, named('Other'))
  await updateConfiguration(scope, { ...again, credentialId: other.credentialId })
  await expect(undo(scope, second)).rejects.toEqual(failure('undo.too-late'))
  expect(await listAttachments(scope)).toEqual([])
})

it('neither waits for itself nor leaves an orphan, however many take away, bring back and replace at once', async () => {
  const scope = await seedTeamScope()
  const projects = [await seedProject(scope), await seedProject(scope)]
  for (let round = 0; round < 5; round += 1) {
    const { connectionId } = await connect(scope, own('passing-key'))
    const { configurationId, credentialId } = await idsOf(scope)
    const places: string[] = [connectionId]
    for (const projectId of projects) places.push((await attach(scope, { configurationId, scope: 'project', projectId })).attachmentId)
    await prisma().configuration.update({ where: { id: configurationId }, data: { isKept: false } })
    const [mine, one, two] = places as [string, string, string]
    const gone = await disconnect(scope, { connectionId: mine })
    const ends = await Promise.allSettled([
      detach(scope, { attachmentId: one }),
      detach(scope, { attachmentId: two }),
      undo(scope, gone),
      destroyRemoved(new Date(Date.now() + 1_000)),
      replace(scope, { credentialId, secret: key('another-key') }),
    ])
    for (const end of ends) if (end.status === 'rejected') expect(end.reason).toHaveProperty('name', 'DomainError')
    for (const each of await listAttachments(scope)) await detach(scope, each)
    await destroyRemoved(new Date(Date.now() + 1_000))
    expect(await prisma().credential.count({ where: { teamId: scope.teamId } })).toBe(0)
    expect(await prisma().configuration.count({ where: { teamId: scope.teamId } })).toBe(0)
  }
})
