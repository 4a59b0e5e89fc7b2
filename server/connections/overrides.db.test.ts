import { expect, it } from 'vitest'
import type { TeamScope } from '#server/access/scope.ts'
import { enterProject } from '#server/access/scope.ts'
import { listOverrides, removeOverride, setOverride } from '#server/connections/overrides-service.ts'
import { resolveForChat } from '#server/connections/resolver.ts'
import { connect, listConnections } from '#server/connections/service.ts'
import { disconnect } from '#server/connections/undo-service.ts'
import { destroyRemoved } from '#server/connections/undo-store.ts'
import { prisma } from '#server/db/client.ts'
import { seedProject, seedTeamScope } from '#server/db/testing.ts'
import { appRouter } from '#server/trpc/app-router.ts'
import { callerFactory } from '#server/trpc/base.ts'

const failure = (code: string) => expect.objectContaining({ name: 'DomainError', code })
const key = { kind: 'api-key', provider: 'openrouter', key: 'sk-or-v1-abcdefghijklmnop' } as const

async function connectOwn(scope: TeamScope, harness = 'opencode') {
  const { connectionId } = await connect(scope, { harness, scope: 'user', secret: key, settings: { model: 'openai/gpt-6-sol' } })
  const rows = await listConnections(scope, {})
  const found = rows.flatMap((row) => row.attachments).find((each) => each.connectionId === connectionId)!
  return { connectionId, credentialId: found.credential.credentialId }
}

it('gives a project a credential that is connected already, and takes it back', async () => {
  const scope = await seedTeamScope()
  const mei = await seedTeamScope({ teamId: scope.teamId, role: 'member', name: 'Mei' })
  const projectId = await seedProject(scope)
  const project = await enterProject(scope, { act: 'manage', projectId })
  const { connectionId: own, credentialId } = await connectOwn(scope)
  const { connectionId } = await setOverride(project, { harness: 'opencode', credentialId })
  // The same again is the same, and leaves nothing behind.
  expect(await setOverride(project, { harness: 'opencode', credentialId })).toMatchObject({ connectionId })
  expect(await prisma().configuration.count({ where: { credentialId } })).toBe(2)
  expect(await listOverrides(project)).toMatchObject([
    {
      harness: 'opencode',
      connectionId,
      scope: 'project',
      code: null,
      credential: { credentialId },
      settings: { model: 'openai/gpt-6-sol' },
    },
  ])
  const place = { teamId: scope.teamId, projectId, userId: mei.userId, harness: 'opencode' }
  expect(await resolveForChat(place)).toMatchObject({ ok: true, credentialId, payer: { scope: 'project' } })

  // What its owner disconnects for themselves stays the project's, until that is taken away as well.
  await disconnect(scope, { connectionId: own })
  expect(await resolveForChat(place)).toMatchObject({ ok: true, credentialId })
  expect(await removeOverride(project, { harness: 'opencode' })).toMatchObject({ stops: [] })
  await expect(removeOverride(project, { harness: 'opencode' })).rejects.toEqual(failure('connection.missing'))
  expect(await resolveForChat(place)).toMatchObject({ ok: false, code: 'connection.missing' })
  await destroyRemoved(new Date(Date.now() + 1_000))
  expect(await prisma().credential.count({ where: { id: credentialId } })).toBe(0)
})

it('lets nobody share what is not theirs, or what the harness cannot take', async () => {
  const admin = await seedTeamScope()
  const mei = await seedTeamScope({ teamId: admin.teamId, role: 'member', name: 'Mei' })
  const hers = await enterProject(mei, { act: 'manage', projectId: await seedProject(mei) })
  const { credentialId } = await connectOwn(admin)
  await expect(setOverride(hers, { harness: 'opencode', credentialId })).rejects.toEqual(failure('connection.missing'))
  await expect(setOverride(hers, { harness: 'opencode', credentialId: 'unknown' })).rejects.toEqual(failure('connection.missing'))
  const own = await connectOwn(mei)
  // An admin maintains her project, and still may not take what is hers alone.
  const asAdmin = await enterProject(admin, { act: 'manage', projectId: hers.projectId })
  await expect(setOverride(asAdmin, { harness: 'opencode', credentialId: own.credentialId })).rejects.toEqual(failure('connection.missing'))
  await connect(mei, {
    harness: 'codex',
    scope: 'project',
    projectId: hers.projectId,
    secret: { kind: 'auth-file', format: 'codex', contents: JSON.stringify({ tokens: { access_token: 'a', refresh_token: 'r' } }) },
  })
  const [login] = (await listOverrides(hers)).filter((each) => each.harness === 'codex')
  const other = await enterProject(admin, { act: 'manage', projectId: await seedProject(admin) })
  const shared = login!.credential.credentialId
  await expect(setOverride(other, { harness: 'codex', credentialId: shared })).rejects.toEqual(failure('connection.not-yours'))
  await expect(setOverride(hers, { harness: 'claude-code', credentialId: shared })).rejects.toEqual(
    failure('connection.refused-by-harness'),
  )
  expect(await listOverrides(other)).toEqual([])
})

it('answers under the names that scripts use', async () => {
  const scope = await seedTeamScope()
  const projectId = await seedProject(scope)
  const { credentialId } = await connectOwn(scope)
  const caller = (userId: TeamScope['userId']) =>
    callerFactory(appRouter)({
      caller: { userId, name: 'Ada', email: 'a@example.org', isInstanceOwner: false, via: { is: 'session', sessionId: 's' } },
      teamId: null,
      clientAddress: null,
    }).projectOverrides
  await caller(scope.userId).set({ projectId, harness: 'claude-code', credentialId })
  expect(await caller(scope.userId).list({ projectId })).toMatchObject([{ harness: 'claude-code' }])
  const viewer = await seedTeamScope({ teamId: scope.teamId, role: 'viewer' })
  expect(await caller(viewer.userId).list({ projectId })).toHaveLength(1)
  await expect(caller(viewer.userId).remove({ projectId, harness: 'claude-code' })).rejects.toMatchObject({ message: 'access.denied' })
  const stranger = await seedTeamScope()
  await expect(caller(stranger.userId).list({ projectId })).rejects.toMatchObject({ message: 'project.missing' })
  await caller(scope.userId).remove({ projectId, harness: 'claude-code' })
  expect(await caller(scope.userId).list({ projectId })).toEqual([])
})

it('tells the second of two who disconnect at once that it is gone', async () => {
  const scope = await seedTeamScope()
  const { connectionId } = await connectOwn(scope)
  const ends = await Promise.allSettled([disconnect(scope, { connectionId }), disconnect(scope, { connectionId })])
  expect(ends.map((each) => each.status).toSorted()).toEqual(['fulfilled', 'rejected'])
  expect(ends.find((each) => each.status === 'rejected')).toMatchObject({ reason: { code: 'connection.missing' } })
})
