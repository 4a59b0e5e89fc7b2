/**
 * Disconnecting in two steps: what is taken away stops at once and waits for a minute, in which it can be brought
 * back as it was; then it is destroyed. From: `undo-service.ts`.
 */
import { z } from 'zod'
import { Scope } from '#core/connections/connection.ts'
import { prismaDb } from '#server/audit/service.ts'
import { destroyUnattached, lockPlace, revokeUnattached } from '#server/connections/place-store.ts'
import { type AuditDb, toCredential, type CredentialRow, type Tx } from '#server/connections/store.ts'
import { prisma } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'

export const UNDO_MS = 60_000

/** An attachment's row as `removed_attachment` keeps it. */
const RemovedRow = z.object({
  id: z.string(),
  scope: Scope,
  scopeKey: z.string(),
  teamId: z.string().nullable(),
  projectId: z.string().nullable(),
  userId: z.string().nullable(),
  harness: z.string(),
  configurationId: z.string(),
  isEnabled: z.boolean(),
  isShared: z.boolean(),
  createdBy: z.string(),
  createdAt: z.coerce.date(),
})
export type RemovedRow = z.infer<typeof RemovedRow>

type Note = (db: AuditDb) => Promise<void>

/** Null when somebody else was first. */
export async function removeAttachment(id: string, removedBy: string, note: Note): Promise<{ undoId: string; undoUntil: Date } | null> {
  return prisma().$transaction(async (tx) => {
    const place = await tx.attachment.findUnique({ where: { id }, select: { scope: true, scopeKey: true, harness: true } })
    if (!place) return null
    // Else a credential that takes its place right now would be left behind, attached to nothing.
    await lockPlace(tx, place)
    const row = await tx.attachment.findUnique({ where: { id }, include: { configuration: { select: { credentialId: true } } } })
    if (!row) return null
    const { configuration, ...attachment } = row
    // Held, so that nobody attaches elsewhere what is revoked here.
    await tx.$queryRaw`select 1 from credential where id = ${configuration.credentialId} for update`
    const undoId = mintUuid()
    const { removedAt } = await tx.removedAttachment.create({
      data: {
        id: undoId,
        attachment: { ...attachment, createdAt: attachment.createdAt.toISOString() },
        configurationId: row.configurationId,
        removedBy,
      },
      select: { removedAt: true },
    })
    await tx.attachment.delete({ where: { id } })
    await revokeUnattached(tx, configuration.credentialId)
    await note(prismaDb(tx))
    return { undoId, undoUntil: new Date(removedAt.getTime() + UNDO_MS) }
  })
}

/** Null when it is unknown, somebody else's act, or too old. */
export async function findRemoved(undoId: string, removedBy: string): Promise<RemovedRow | null> {
  const found = await prisma().removedAttachment.findFirst({
    where: { id: undoId, removedBy, removedAt: { gt: new Date(Date.now() - UNDO_MS) } },
  })
  return found && RemovedRow.parse(found.attachment)
}

/**
 * Puts it back under its own id. The version moves on where nothing else stands on the credential, so that the runs
 * that were stopped stay stopped. False when it is gone or the place is taken.
 */
export async function restoreAttachment(
  undoId: string,
  row: RemovedRow,
  note: (db: AuditDb, credential: CredentialRow) => Promise<void>,
): Promise<boolean> {
  return prisma().$transaction(async (tx) => {
    await lockPlace(tx, row)
    const { count } = await tx.removedAttachment.deleteMany({ where: { id: undoId } })
    if (count === 0) return false
    const { scope, scopeKey, harness, configurationId } = row
    const taken = await tx.attachment.findUnique({ where: { scope_scopeKey_harness: { scope, scopeKey, harness } }, select: { id: true } })
    const configuration = await tx.configuration.findUnique({ where: { id: configurationId }, include: { credential: true } })
    if (!configuration) return false
    if (taken) {
      await destroyUnattached(tx, configuration)
      return false
    }
    const { credentialId } = configuration
    const others = await tx.attachment.count({ where: { configuration: { credentialId } } })
    const { count: found } = await tx.credential.updateMany({
      where: { id: credentialId },
      data: { revokedAt: null, ...(others === 0 && { version: { increment: 1 } }) },
    })
    // Its owner was removed at this moment.
    if (found === 0) return false
    await tx.attachment.create({ data: row })
    await note(prismaDb(tx), toCredential(configuration.credential))
    return true
  })
}

/** Destroys what nobody brought back in time. Returns how many. */
export async function destroyRemoved(before: Date): Promise<number> {
  const due = await prisma().removedAttachment.findMany({
    where: { removedAt: { lt: before } },
    select: { id: true },
    orderBy: { removedAt: 'asc' },
    take: 200,
  })
  let destroyed = 0
  for (const { id } of due) destroyed += await prisma().$transaction((tx) => destroyOne(tx, id))
  return destroyed
}

async function destroyOne(tx: Tx, id: string): Promise<number> {
  const row = await tx.removedAttachment.findUnique({
    where: { id },
    include: { configuration: { select: { id: true, credentialId: true } } },
  })
  if (!row) return 0
  const { count } = await tx.removedAttachment.deleteMany({ where: { id } })
  await destroyUnattached(tx, row.configuration)
  return count
}
