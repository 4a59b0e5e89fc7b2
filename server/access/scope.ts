/**
 * The branded scopes that services and stores take first. Only this module mints them,
 * so a query that nobody authorised does not compile. Each `enter…` proves one step
 * further in: caller → team → project → chat. A foreign id fails exactly like an unknown one.
 */
import { mayInProject, mayInTeam, projectRoleOf, type Act, type ProjectRole, type TeamRole } from '#server/access/acts.ts'
import { findChatPlace, findIsInstanceOwner, findMembership, findProjectPlace, findStanding } from '#server/access/store.ts'
import type { ChatId, ProjectId, TeamId, UserId } from '#core/ids.ts'
import { ChatId as ChatIdSchema } from '#core/ids.ts'
import { DomainError } from '#core/errors.ts'
import type { PoolClient } from '#server/db/client.ts'

declare const minted: unique symbol

/** Somebody who proved who they are; says nothing yet about a team. */
export type Caller = Readonly<{
  userId: UserId
  name: string
  email: string
  isInstanceOwner: boolean
  /** A personal access token works in its own team only. */
  via: { is: 'session'; sessionId: string } | { is: 'token'; tokenId: string; teamId: TeamId }
}>

export type TeamScope = Readonly<{ teamId: TeamId; userId: UserId; role: TeamRole; isInstanceOwner: boolean }> & { [minted]: 'team' }

export type ProjectScope = TeamScope & Readonly<{ projectId: ProjectId; projectRole: ProjectRole }>

export type ChatScope = ProjectScope & Readonly<{ chatId: ChatId }>

/**
 * Enters the team that was asked for, or the one joined first.
 * @throws team.missing when the caller is not a member; access.denied when their role does not allow the act
 */
export async function enterTeam(caller: Caller, { act, teamId }: { act: Act; teamId?: string | null | undefined }): Promise<TeamScope> {
  const wanted = caller.via.is === 'token' ? caller.via.teamId : (teamId ?? null)
  if (caller.via.is === 'token' && teamId && teamId !== wanted) throw new DomainError('team.missing')
  const member = await findMembership(caller.userId, wanted)
  if (!member) throw new DomainError('team.missing')
  if (!mayInTeam(member.role, act)) throw new DomainError('access.denied')
  const { userId, isInstanceOwner } = caller
  return { teamId: member.teamId as TeamId, userId, role: member.role, isInstanceOwner } as TeamScope
}

/**
 * For what somebody set going and left to the server to finish: their place is proved anew, as it is now.
 * @throws team.missing once they are no member any more
 */
export async function enterTeamAgain({ userId, teamId }: { userId: string; teamId: string }): Promise<TeamScope> {
  const member = await findMembership(userId, teamId)
  if (!member) throw new DomainError('team.missing')
  return {
    teamId: member.teamId as TeamId,
    userId: userId as UserId,
    role: member.role,
    isInstanceOwner: await findIsInstanceOwner(userId),
  } as TeamScope
}

/**
 * As `enterTeamAgain` and `enterProject` at once. A transaction gives itself as `db`: one that waited for a second connection
 * while it holds the first could wait for others that do the same.
 * @throws team.missing; project.missing; access.denied
 */
export async function enterProjectAgain(
  { userId, teamId, projectId, act }: { userId: UserId; teamId: TeamId; projectId: ProjectId; act: Act },
  db?: Pick<PoolClient, 'query'>,
): Promise<ProjectScope> {
  const found = await findStanding({ userId, teamId, projectId }, db)
  if (!found) throw new DomainError('team.missing')
  const { role, isInstanceOwner, project } = found
  if (!project) throw new DomainError('project.missing')
  const projectRole = projectRoleOf({ role, isCreator: project.createdBy === userId })
  if (!mayInProject(projectRole, act)) throw new DomainError('access.denied')
  return { teamId, userId, role, isInstanceOwner, projectId, projectRole } as ProjectScope
}

/** @throws project.missing when the team has no such project, or it is archived; access.denied */
export async function enterProject(scope: TeamScope, { act, projectId }: { act: Act; projectId: string }): Promise<ProjectScope> {
  const place = await findProjectPlace(scope.teamId, projectId)
  if (!place) throw new DomainError('project.missing')
  const projectRole = projectRoleOf({ role: scope.role, isCreator: place.createdBy === scope.userId })
  if (!mayInProject(projectRole, act)) throw new DomainError('access.denied')
  return { ...scope, projectId: place.projectId as ProjectId, projectRole } as ProjectScope
}

/**
 * Whoever started a chat may manage it as a project's maintainer may.
 * @throws chat.missing when the team has no such chat, or it is somebody else's private one; access.denied
 */
export async function enterChat(scope: TeamScope, { act, chatId }: { act: Act; chatId: string }): Promise<ChatScope> {
  const place = ChatIdSchema.safeParse(chatId).success ? await findChatPlace(scope, chatId) : null
  if (!place) throw new DomainError('chat.missing')
  const projectRole = projectRoleOf({ role: scope.role, isCreator: place.projectCreatedBy === scope.userId })
  const effective = projectRoleOf({ role: scope.role, isCreator: place.chatCreatedBy === scope.userId })
  if (!mayInProject(projectRole, act) && !mayInProject(effective, act)) throw new DomainError('access.denied')
  return { ...scope, projectId: place.projectId as ProjectId, projectRole, chatId: place.chatId as ChatId } as ChatScope
}
