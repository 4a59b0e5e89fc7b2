import { expect, it } from 'vitest'
import { enterChat, enterProject, enterProjectAgain, enterTeam } from '#server/access/scope.ts'
import { prisma } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import { seedChat, seedMember, seedPerson, seedProject, seedTeamScope } from '#server/db/testing.ts'
import type { ProjectId, TeamId } from '#core/ids.ts'

const failure = (code: string) => expect.objectContaining({ name: 'DomainError', code })

it('enters the team that was joined first when none is asked for', async () => {
  const { caller, teamId } = await seedMember()
  const later = await seedTeamScope()
  await prisma().member.create({
    data: { teamId: later.teamId, userId: caller.userId, role: 'viewer', createdAt: new Date(Date.now() + 60_000) },
  })
  expect(await enterTeam(caller, { act: 'read' })).toEqual({ teamId, userId: caller.userId, role: 'admin', isInstanceOwner: false })
  expect(await enterTeam(caller, { act: 'read', teamId: later.teamId })).toMatchObject({ teamId: later.teamId, role: 'viewer' })
})

it('answers for a foreign team, project and chat exactly as for an unknown one', async () => {
  const { caller, teamId } = await seedMember()
  const own = await enterTeam(caller, { act: 'read', teamId })
  const foreign = await seedTeamScope()
  await expect(enterTeam(caller, { act: 'read', teamId: foreign.teamId })).rejects.toEqual(failure('team.missing'))
  await expect(enterTeam(caller, { act: 'read', teamId: 'nowhere' })).rejects.toEqual(failure('team.missing'))
  await expect(enterTeam(await seedPerson(), { act: 'read' })).rejects.toEqual(failure('team.missing'))
  for (const projectId of [await seedProject(foreign), 'nowhere']) {
    await expect(enterProject(own, { act: 'read', projectId })).rejects.toEqual(failure('project.missing'))
  }
  for (const chatId of [await seedChat(foreign), mintUuid(), 'nowhere']) {
    await expect(enterChat(own, { act: 'read', chatId })).rejects.toEqual(failure('chat.missing'))
  }
})

it('keeps a personal access token in its own team', async () => {
  const { caller, teamId } = await seedMember()
  const other = await seedTeamScope()
  await prisma().member.create({ data: { teamId: other.teamId, userId: caller.userId, role: 'admin' } })
  const byToken = { ...caller, via: { is: 'token', tokenId: 'token', teamId: other.teamId as TeamId } } as const
  expect(await enterTeam(byToken, { act: 'read' })).toMatchObject({ teamId: other.teamId })
  await expect(enterTeam(byToken, { act: 'read', teamId })).rejects.toEqual(failure('team.missing'))
})

it('lets a project be managed by admins and its creator, and a chat also by who started it', async () => {
  const admin = await seedTeamScope()
  const member = await seedTeamScope({ teamId: admin.teamId, role: 'member' })
  const viewer = await seedTeamScope({ teamId: admin.teamId, role: 'viewer' })
  const byAdmin = await seedProject(admin)
  const byMember = await seedProject(member)
  expect(await enterProject(admin, { act: 'manage', projectId: byMember })).toMatchObject({ projectRole: 'maintainer' })
  expect(await enterProject(member, { act: 'manage', projectId: byMember })).toMatchObject({ projectRole: 'maintainer' })
  await expect(enterProject(member, { act: 'manage', projectId: byAdmin })).rejects.toEqual(failure('access.denied'))
  await expect(enterProject(viewer, { act: 'prompt', projectId: byAdmin })).rejects.toEqual(failure('access.denied'))
  expect(await enterProject(viewer, { act: 'read', projectId: byAdmin })).toMatchObject({ projectRole: 'viewer' })
  const chatId = await seedChat(member, { projectId: byAdmin })
  expect(await enterChat(member, { act: 'manage', chatId })).toMatchObject({ chatId, projectId: byAdmin, projectRole: 'member' })
  await expect(enterChat(viewer, { act: 'prompt', chatId })).rejects.toEqual(failure('access.denied'))
})

it('proves a place anew as it is now', async () => {
  const admin = await seedTeamScope()
  const member = await seedTeamScope({ teamId: admin.teamId, role: 'member' })
  const stranger = await seedTeamScope({ isInstanceOwner: true })
  const projectId = await seedProject(admin)
  const again = (who: typeof admin, place: { teamId?: TeamId; projectId?: ProjectId } = {}) =>
    enterProjectAgain({ userId: who.userId, teamId: admin.teamId, projectId, act: 'prompt', ...place })
  expect(await again(admin)).toEqual(await enterProject(admin, { act: 'prompt', projectId }))
  expect(await again(member)).toEqual(await enterProject(member, { act: 'prompt', projectId }))
  await expect(again(stranger)).rejects.toEqual(failure('team.missing'))
  await expect(again(stranger, { teamId: stranger.teamId })).rejects.toEqual(failure('project.missing'))
  const own = { teamId: stranger.teamId, projectId: await seedProject(stranger) }
  expect(await again(stranger, own)).toMatchObject({ isInstanceOwner: true, projectRole: 'maintainer' })
  await prisma().member.update({
    where: { teamId_userId: { teamId: admin.teamId, userId: member.userId } },
    data: { role: 'viewer' },
  })
  await expect(again(member)).rejects.toEqual(failure('access.denied'))
  await prisma().project.update({ where: { id: projectId }, data: { archivedAt: new Date() } })
  await expect(again(admin)).rejects.toEqual(failure('project.missing'))
})
