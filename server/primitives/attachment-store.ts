/** Binds configurations to scopes and takes them away again, by hand. The unique index says "one per harness and scope". */
import type { Scope } from '#core/connections/connection.ts'
import { prismaDb, record, type NewAuditEntry } from '#server/audit/service.ts'
import { prisma } from '#server/db/client.ts'
import { Prisma } from '#server/db/generated/client.ts'

export type NewAttachment = {
  id: string
  scope: Scope
  /** As `connections/store.ts` makes it. */
  scopeKey: string
  teamId: string | null
  projectId: string | null
  userId: string | null
  harness: string
  configurationId: string
  createdBy: string
}

type Attached = 'attached' | 'id-taken' | 'place-taken' | 'missing'

export async function insertAttachment(
  given: NewAttachment,
  { replaces, entry }: { replaces: string | null; entry: NewAuditEntry },
): Promise<Attached> {
  const { id, scope, scopeKey, harness, configurationId } = given
  try {
    return await prisma().$transaction(async (tx) => {
      // Attached by hand, so it stays; writing the row makes a disconnect that is about to destroy it look again.
      const { count } = await tx.configuration.updateMany({
        where: { id: configurationId, credential: { revokedAt: null } },
        data: { isKept: true },
      })
      if (count === 0) return 'missing'
      const former = await tx.attachment.findUnique({ where: { scope_scopeKey_harness: { scope, scopeKey, harness } } })
      if (former && former.id !== replaces) return 'place-taken'
      if (former) await removeAttachment(tx, former)
      if ((await tx.attachment.count({ where: { id } })) > 0) return 'id-taken'
      await tx.attachment.create({ data: given })
      await record(prismaDb(tx), entry)
      return 'attached'
    })
  } catch (error) {
    // Somebody was faster, with this id or in this place: the next look says which.
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002') {
      return (await prisma().attachment.count({ where: { id } })) > 0 ? 'id-taken' : 'place-taken'
    }
    throw error
  }
}

/** False when somebody else was first. */
export async function deleteAttachment(id: string, entry: NewAuditEntry): Promise<boolean> {
  return prisma().$transaction(async (tx) => {
    const row = await tx.attachment.findUnique({ where: { id }, select: { id: true, configurationId: true } })
    if (!row || !(await removeAttachment(tx, row))) return false
    await record(prismaDb(tx), entry)
    return true
  })
}

/**
 * What nobody made by hand goes with its last attachment. What stays counts its version up once nothing stands on it any
 * more, so that the runs that were stopped stay stopped when it is attached again.
 */
async function removeAttachment(
  tx: Prisma.TransactionClient,
  { id, configurationId }: { id: string; configurationId: string },
): Promise<boolean> {
  const { count } = await tx.attachment.deleteMany({ where: { id } })
  if (count === 0) return false
  const configuration = await tx.configuration.findUnique({ where: { id: configurationId }, select: { credentialId: true } })
  await tx.configuration.deleteMany({ where: { id: configurationId, isKept: false, attachments: { none: {} }, removed: { none: {} } } })
  if (configuration) await settle(tx, configuration.credentialId)
  return true
}

async function settle(tx: Prisma.TransactionClient, id: string): Promise<void> {
  await tx.credential.deleteMany({ where: { id, isKept: false, configurations: { none: {} } } })
  await tx.credential.updateMany({
    where: { id, configurations: { none: { attachments: { some: {} } } } },
    data: { version: { increment: 1 } },
  })
}

/** Chats of the team that an agent works for right now with this credential. */
export async function findChatsOn(teamId: string, credentialId: string): Promise<{ chatId: string; title: string }[]> {
  const chats = await prisma().chat.findMany({
    where: { teamId, archivedAt: null, runs: { some: { credentialId, endedAt: null } } },
    select: { id: true, title: true },
    orderBy: { lastActivityAt: 'desc' },
  })
  return chats.map(({ id, title }) => ({ chatId: id, title }))
}
