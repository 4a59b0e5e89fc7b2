/** Which attachments a project has of its own, and which credentials somebody may give it. */
import { toRow, whole, type AttachmentRow } from '#server/connections/store.ts'
import { prisma } from '#server/db/client.ts'

/** What of the project itself is attached there. */
export async function findProjectAttachments({ teamId, projectId }: { teamId: string; projectId: string }): Promise<AttachmentRow[]> {
  const rows = await prisma().attachment.findMany({
    where: { scope: 'project', projectId, teamId },
    include: whole,
    orderBy: { harness: 'asc' },
  })
  return rows.map(toRow)
}

/** By whom, and from where, a credential may be given to a project. */
export type Sharer = Readonly<{ teamId: string; userId: string; isTeamAdmin: boolean; isInstanceOwner: boolean }>

/** A credential as it is attached where the person rules: for themselves, in a project they maintain, in the instance they own. */
export async function findShareable(
  { teamId, userId, isTeamAdmin, isInstanceOwner }: Sharer,
  credentialId: string,
): Promise<AttachmentRow[]> {
  const rows = await prisma().attachment.findMany({
    where: {
      configuration: { credential: { id: credentialId, revokedAt: null } },
      OR: [
        { scope: 'user', userId, teamId },
        { scope: 'project', teamId, ...(isTeamAdmin ? {} : { project: { createdBy: userId } }) },
        ...(isInstanceOwner ? [{ scope: 'platform' as const, teamId: null }] : []),
      ],
    },
    include: whole,
  })
  return rows.map(toRow)
}
