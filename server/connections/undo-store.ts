/**
 * Disconnecting in two steps: what is taken away stops at once and waits for a minute, in which it can be brought
 * back as it was; then it is destroyed. From: `undo-service.ts`.
 */
import { z } from 'zod'
import { Scope } from '#core/connections/connection.ts'
import { prismaDb } from '#server/audit/service.ts'
import { holdAttachment, holdCredentials, lockPlace } from '#server/connections/holds.ts'
import { destroyUnattached, revokeUnattached } from '#server/connections/place-store.ts'
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
  /** What it stood on then. */
  credentialId: z.string().optional(),
})
export type RemovedRow = z.infer<typeof RemovedRow>

type Note = (db: AuditDb) => Promise<void>

/** Null when somebody else was first. */
export async function removeAttachment(id: string, removedBy: string, note: Note): Promise<{ undoId: string; undoUntil: Date } | null> {
  return prisma().$transaction(async (tx) => {
    const row = await holdAttachment(tx, id)
    if (!row) return null
    const {
      configuration: { credentialId },
      ...attachment
    } = row
    const undoId = mintUuid()
    const { removedAt } = await tx.removedAttachment.create({
      data: {
        id: undoId,
        attachment: { ...attachment, credentialId, createdAt: attachment.createdAt.toISOString() },
        configurationId: row.configurationId,
        removedBy,
      },
      select: { removedAt: true },
    })
    await tx.attachment.delete({ where: { id } })
    await revokeUnattached(tx, credentialId)
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
 * that were stopped stay stopped. False when it is gone, its place or id is taken, or another secret would come back.
 */
export async function restoreAttachment(
  undoId: string,
  { credentialId: former, ...row }: RemovedRow,
  note: (db: AuditDb, credential: CredentialRow) => Promise<void>,
): Promise<boolean> {
  return prisma().$transaction(async (tx) => {
    await lockPlace(tx, row)
    const removed = await findHeld(tx, undoId)
    if (!removed) return false
    await tx.removedAttachment.delete({ where: { id: undoId } })
    const { configuration, removedAt } = removed
    const { credentialId, credential } = configuration
    const { id, scope, scopeKey, harness } = row
    const taken = await tx.attachment.count({ where: { OR: [{ id }, { scope, scopeKey, harness }] } })
    const isOther = credentialId !== (former ?? credentialId) || (credential.replacedAt !== null && credential.replacedAt > removedAt)
    if (taken > 0 || isOther) {
      await destroyUnattached(tx, configuration)
      return false
    }
    const others = await tx.attachment.count({ where: { configuration: { credentialId } } })
    await tx.credential.update({
      where: { id: credentialId },
      data: { revokedAt: null, ...(others === 0 && { version: { increment: 1 } }) },
    })
    await tx.attachment.create({ data: row })
    await note(prismaDb(tx), toCredential(credential))
    return true
  })
}

/** The credential is held before its removed row: whoever takes a credential away takes both in that order. */
async function findHeld(tx: Tx, undoId: string) {
  const find = () =>
    tx.removedAttachment.findUnique({ where: { id: undoId }, include: { configuration: { include: { credential: true } } } })
  const seen = await find()
  if (!seen) return null
  await holdCredentials(tx, [seen.configuration.credentialId])
  return find()
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
  const row = await findHeld(tx, id)
  if (!row) return 0
  const { count } = await tx.removedAttachment.deleteMany({ where: { id } })
  await destroyUnattached(tx, row.configuration)
  return count
}
