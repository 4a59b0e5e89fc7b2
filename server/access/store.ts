/** What the gate asks of the database. The team is in the WHERE of every query, and who sees a chat. */
import { pool, prisma, type PoolClient } from '#server/db/client.ts'
import { seenBy } from '#server/access/chat-privacy.ts'
import type { TeamRole } from '#server/access/acts.ts'

/** The membership in `teamId`, or the earliest one when none is named. */
export async function findMembership(userId: string, teamId: string | null): Promise<{ teamId: string; role: TeamRole } | null> {
  return prisma().member.findFirst({
    where: teamId === null ? { userId } : { userId, teamId },
    orderBy: [{ createdAt: 'asc' }, { teamId: 'asc' }],
    select: { teamId: true, role: true },
  })
}

export async function findProjectPlace(teamId: string, projectId: string): Promise<{ projectId: string; createdBy: string } | null> {
  const found = await prisma().project.findFirst({
    where: { id: projectId, teamId, archivedAt: null },
    select: { id: true, createdBy: true },
  })
  return found && { projectId: found.id, createdBy: found.createdBy }
}

/** `project` is null when the team has none of that id, or it is archived. Null for who is no member. */
type Standing = { role: TeamRole; isInstanceOwner: boolean; project: { createdBy: string } | null }

export async function findStanding(
  { userId, teamId, projectId }: { userId: string; teamId: string; projectId: string },
  db: Pick<PoolClient, 'query'> = pool(),
): Promise<Standing | null> {
  const { rows } = await db.query(
    `select m.role, u."isInstanceOwner", case when p.id is not null then json_build_object('createdBy', p."createdBy") end as project
     from member m join "user" u on u.id = m."userId"
       left join project p on p.id = $3 and p."teamId" = m."teamId" and p."archivedAt" is null
     where m."userId" = $1 and m."teamId" = $2`,
    [userId, teamId, projectId],
  )
  return rows[0] ?? null
}

type ChatPlace = { chatId: string; projectId: string; chatCreatedBy: string; projectCreatedBy: string }

export async function findChatPlace({ teamId, userId }: { teamId: string; userId: string }, chatId: string): Promise<ChatPlace | null> {
  const found = await prisma().chat.findFirst({
    where: { id: chatId, teamId, ...seenBy(userId) },
    select: { id: true, projectId: true, createdBy: true, project: { select: { createdBy: true } } },
  })
  return (
    found && { chatId: found.id, projectId: found.projectId, chatCreatedBy: found.createdBy, projectCreatedBy: found.project.createdBy }
  )
}

export async function findIsInstanceOwner(userId: string): Promise<boolean> {
  const user = await prisma().user.findUnique({ where: { id: userId }, select: { isInstanceOwner: true } })
  return user?.isInstanceOwner ?? false
}
