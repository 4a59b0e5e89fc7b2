/** Binds configurations to scopes and takes them away again, by hand. The unique index says "one per harness and scope". */
import type { Scope } from '#core/connections/connection.ts'
import { seenBy } from '#server/access/chat-privacy.ts'
import { prismaDb, record, type NewAuditEntry } from '#server/audit/service.ts'
import { destroyUnattached, holdAttachment, holdMember, holdPlace, type Tx, type Whole } from '#server/connections/rows.ts'
import { prisma } from '#server/db/client.ts'
import { Prisma } from '#server/db/generated/client.ts'

export type NewAttachment = {
  id: string
  scope: Scope
  /** Of `scopeKeyOf`. */
  scopeKey: string
  teamId: string | null
  projectId: string | null
  userId: string | null
  harness: string
  configurationId: string
  createdBy: string
}

type Attached = 'attached' | 'id-taken' | 'place-taken' | 'missing'

type Doing = {
  /** The attachment that may stand there, and goes. */
  replaces: string | null
  by: { teamId: string; userId: string }
  /** What the configuration holds, as the caller has judged it. */
  credentialId: string
  entry: NewAuditEntry
}

export async function insertAttachment(given: NewAttachment, { replaces, by, credentialId, entry }: Doing): Promise<Attached> {
  const { id, configurationId } = given
  try {
    return await prisma().$transaction(async (tx) => {
      await holdMember(tx, by)
      const former = await holdPlace(tx, given, [credentialId])
      // Attached by hand, so it stays.
      const { count } = await tx.configuration.updateMany({
        where: { id: configurationId, credentialId, credential: { revokedAt: null } },
        data: { isKept: true },
      })
      if (count === 0) return 'missing'
      if (former && former.id !== replaces) return 'place-taken'
      if (former) await removeAttachment(tx, former)
      if ((await tx.attachment.count({ where: { id } })) > 0) return 'id-taken'
      await tx.attachment.create({ data: given })
      await record(prismaDb(tx), entry)
      return 'attached'
    })
  } catch (error) {
    // Somebody was faster with this id: the place is held.
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002') return 'id-taken'
    throw error
  }
}

/** False when somebody else was first. */
export async function deleteAttachment(id: string, entry: NewAuditEntry): Promise<boolean> {
  return prisma().$transaction(async (tx) => {
    const row = await holdAttachment(tx, id)
    if (!row) return false
    await removeAttachment(tx, row)
    await record(prismaDb(tx), entry)
    return true
  })
}

async function removeAttachment(tx: Tx, { id, configuration }: Whole): Promise<void> {
  await tx.attachment.deleteMany({ where: { id } })
  await destroyUnattached(tx, configuration)
}

/** Chats of the team that an agent works for right now with this credential; `privateStops` counts those that only others see. */
export async function findChatsOn(
  { teamId, userId }: { teamId: string; userId: string },
  credentialId: string,
): Promise<{ stops: { chatId: string; title: string }[]; privateStops: number }> {
  const running = { teamId, archivedAt: null, runs: { some: { credentialId, endedAt: null } } }
  const [chats, count] = await prisma().$transaction([
    prisma().chat.findMany({
      where: { ...running, ...seenBy(userId) },
      select: { id: true, title: true },
      orderBy: { lastActivityAt: 'desc' },
    }),
    prisma().chat.count({ where: running }),
  ])
  return { stops: chats.map(({ id, title }) => ({ chatId: id, title })), privateStops: count - chats.length }
}
