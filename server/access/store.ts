/** What the gate asks of the database. The team is in the WHERE of every query, and who sees a chat. */
import { prisma } from '#server/db/client.ts'
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
