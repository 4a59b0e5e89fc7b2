/**
 * For tests on a real database. Every `*.db.test.ts` starts with an open, migrated and
 * empty database (`testing-database.ts`); these put people and places into it.
 * Each call makes rows of its own, so tests of one file do not meet.
 */
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { enterChat, enterProject, enterTeam, type Caller, type ChatScope, type ProjectScope, type TeamScope } from '#server/access/scope.ts'
import type { Act, TeamRole } from '#server/access/acts.ts'
import type { ChatId, ProjectId, TeamId, UserId } from '#core/ids.ts'
import { prisma } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import { TEMPLATE_DATABASE } from '#server/db/testing-server.ts'

/** A database of one's own, beside the one that is open: for a second server, or one that is broken on purpose. */
export async function cloneDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await administer(`create database ${name} template ${TEMPLATE_DATABASE}`)
  const url = new URL(inject('postgresUrl'))
  url.pathname = `/${name}`
  return { url: url.href, drop: () => administer(`drop database if exists ${name} with (force)`) }
}

async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('postgresUrl') })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** A person who belongs to no team. */
export async function seedPerson({
  name = 'Ada',
  isInstanceOwner = false,
}: { name?: string; isInstanceOwner?: boolean } = {}): Promise<Caller> {
  const id = mintUuid()
  const email = `${id}@example.org`
  await prisma().user.create({ data: { id, name, email, isInstanceOwner } })
  return { userId: id as UserId, name, email, isInstanceOwner, via: { is: 'session', sessionId: 'test' } }
}

/** A person in `teamId`, or in a new team of their own. */
export async function seedMember({
  teamId,
  role = 'admin',
  ...person
}: { teamId?: TeamId; role?: TeamRole; name?: string; isInstanceOwner?: boolean } = {}): Promise<{ caller: Caller; teamId: TeamId }> {
  const caller = await seedPerson(person)
  const team = teamId ?? (mintUuid() as TeamId)
  if (!teamId) await prisma().team.create({ data: { id: team, name: 'Team' } })
  await prisma().member.create({ data: { teamId: team, userId: caller.userId, role } })
  return { caller, teamId: team }
}

/** The scope of a seeded member, minted by the real gate. */
export async function seedTeamScope(options: Parameters<typeof seedMember>[0] = {}): Promise<TeamScope> {
  const { caller, teamId } = await seedMember(options)
  return enterTeam(caller, { act: 'read', teamId })
}

/** A project that `scope`'s user created. */
export async function seedProject(
  scope: TeamScope,
  { name = 'Project', repositoryUrl = null }: { name?: string; repositoryUrl?: string | null } = {},
): Promise<ProjectId> {
  const id = mintUuid()
  await prisma().project.create({ data: { id, teamId: scope.teamId, name, repositoryUrl, createdBy: scope.userId } })
  return id as ProjectId
}

export async function seedProjectScope(scope?: TeamScope, act: Act = 'read'): Promise<ProjectScope> {
  const team = scope ?? (await seedTeamScope())
  return enterProject(team, { act, projectId: await seedProject(team) })
}

/** A chat with its head row, of a new project unless one is named, and no events. */
export async function seedChat(
  scope: TeamScope,
  { projectId, harness = 'scripted' }: { projectId?: ProjectId; harness?: string } = {},
): Promise<ChatId> {
  const id = mintUuid()
  const project = projectId ?? (await seedProject(scope))
  await prisma().chat.create({
    data: { id, teamId: scope.teamId, projectId: project, harness, title: 'Chat', createdBy: scope.userId, head: { create: {} } },
  })
  return id as ChatId
}

export async function seedChatScope(scope?: TeamScope, act: Act = 'prompt'): Promise<ChatScope> {
  const team = scope ?? (await seedTeamScope())
  return enterChat(team, { act, chatId: await seedChat(team) })
}
