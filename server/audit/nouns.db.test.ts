/** What teams, tokens, projects and nodes write into the audit log, each in the transaction that does it. */
import { expect, it } from 'vitest'
import { createToken, revokeToken } from '#server/accounts/tokens-service.ts'
import { setUp } from '#server/accounts/setup-service.ts'
import { enterProject } from '#server/access/scope.ts'
import { listEntries } from '#server/audit/log-service.ts'
import { createJoinToken, removeNode } from '#server/daemons/service.ts'
import { enrol } from '#server/daemons/testing-nodes.ts'
import { prisma } from '#server/db/client.ts'
import { seedTeamScope } from '#server/db/testing.ts'
import { archive, changeProject, createProject } from '#server/projects/service.ts'
import { acceptInvitation, invite, revokeInvitation } from '#server/teams/invitations-service.ts'
import { describeTeam, remove, rename, setRole } from '#server/teams/service.ts'
import type { TeamScope } from '#server/access/scope.ts'

const told = async (scope: TeamScope) =>
  (await listEntries(scope, { limit: 50 })).entries.map(({ actorName, sentence }) => `${actorName} ${sentence}`).toReversed()

it('tells of members, invitations and the team', async () => {
  const admin = await seedTeamScope({ name: 'Ada' })
  await rename(admin, 'Crew')
  const { url } = await invite(admin, { email: 'ben@example.org', role: 'member' })
  await acceptInvitation(null, { token: url.split('/').at(-1)!, name: 'Ben', password: 'correct horse battery' })
  await invite(admin, { email: 'cy@example.org', role: 'viewer' })
  const { invitations, members } = await describeTeam(admin)
  await revokeInvitation(admin, invitations[0]!.invitationId)
  const ben = members.find((each) => each.name === 'Ben')!.userId
  await setRole(admin, { userId: ben, role: 'viewer' })
  await setRole(admin, { userId: ben, role: 'viewer' })
  await remove(admin, ben)
  expect(await told(admin)).toEqual([
    'Ada renamed the team from “Team” to “Crew”',
    'Ada invited ben@example.org as member',
    'Ben joined the team as member',
    'Ada invited cy@example.org as viewer',
    'Ada withdrew the invitation of cy@example.org',
    'Ada changed the role of Ben from member to viewer',
    'Ada removed Ben from the team',
  ])
})

it('tells of tokens and projects, and of nothing that failed', async () => {
  const admin = await seedTeamScope({ name: 'Ada' })
  const { token, tokenId } = await createToken(admin, { name: 'CI', days: 1 })
  await revokeToken(admin, tokenId)
  await expect(revokeToken(admin, tokenId)).rejects.toThrow('token.missing')
  const { projectId } = await createProject(admin, { name: 'Web' })
  const scope = await enterProject(admin, { act: 'manage', projectId })
  await changeProject(scope, { instructions: 'Say nothing of the plan.' })
  await archive(scope)
  expect(await told(admin)).toEqual([
    'Ada created the access token “CI”',
    'Ada revoked the access token “CI”',
    'Ada created the project “Web”',
    'Ada changed the project “Web”',
    'Ada archived the project “Web”',
  ])
  const facts = JSON.stringify(await listEntries(admin, { limit: 50 }))
  expect(facts).not.toContain(token)
  expect(facts).not.toContain('Say nothing')
})

it('tells the owner of the instance of nodes and of its beginning', async () => {
  const { userId, teamId } = await setUp({ name: 'Olu', email: 'olu@example.org', password: 'correct horse battery', team: 'First' })
  const owner = { ...(await seedTeamScope()), userId, teamId, role: 'admin', isInstanceOwner: true } as TeamScope
  const { token } = await createJoinToken(owner, { name: 'workbench' })
  const { nodeId } = await enrol(token)
  await removeNode(owner, { nodeId })
  expect(await told(owner)).toEqual(['Olu created the team “First”', 'Olu joined the node “workbench”', 'Olu removed the node “workbench”'])
  expect(await prisma().node.count({ where: { id: nodeId, disabledAt: null } })).toBe(0)
})
