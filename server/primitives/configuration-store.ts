/** Writes configurations that people make themselves. */
import type { Settings } from '#core/connections/connection.ts'
import { prismaDb, record, type NewAuditEntry } from '#server/audit/service.ts'
import { destroyUnattached, holdCredentials, holdMember, type Tx } from '#server/connections/rows.ts'
import { prisma } from '#server/db/client.ts'
import { Prisma } from '#server/db/generated/client.ts'

type NewConfiguration = { id: string; teamId: string | null; harness: string; credentialId: string; settings: Settings }

/** Who does it: somebody who was removed meanwhile leaves nothing behind. */
type By = { teamId: string; userId: string }

/** Bound by hand, so it stays from now on. It is held. */
async function keepCredential(tx: Tx, id: string): Promise<void> {
  await tx.credential.update({ where: { id }, data: { isKept: true } })
}

export async function insertConfiguration(given: NewConfiguration, by: By, entry: NewAuditEntry): Promise<'created' | 'taken' | 'missing'> {
  try {
    return await prisma().$transaction(async (tx) => {
      await holdMember(tx, by)
      if (!(await holdCredentials(tx, [given.credentialId])).has(given.credentialId)) return 'missing'
      await keepCredential(tx, given.credentialId)
      await tx.configuration.create({ data: { ...given, isKept: true } })
      await record(prismaDb(tx), entry)
      return 'created'
    })
  } catch (error) {
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002') return 'taken'
    throw error
  }
}

type Change = { id: string; formerCredentialId: string; credentialId: string; settings: Settings }

/** A credential that nothing uses any more, and nobody keeps, goes. False when one of the two is gone. */
export async function changeConfiguration(
  { id, formerCredentialId, credentialId, settings }: Change,
  by: By,
  entry: NewAuditEntry,
): Promise<boolean> {
  return prisma().$transaction(async (tx) => {
    await holdMember(tx, by)
    const held = await holdCredentials(tx, [credentialId, formerCredentialId])
    if (!held.has(credentialId)) return false
    const { count } = await tx.configuration.updateMany({
      where: { id, credentialId: formerCredentialId },
      data: { credentialId, settings },
    })
    if (count === 0) return false
    if (credentialId !== formerCredentialId) {
      await keepCredential(tx, credentialId)
      // What its owner shared was the key that stood here.
      await tx.attachment.updateMany({ where: { configurationId: id }, data: { isShared: false } })
      await destroyUnattached(tx, { id, credentialId: formerCredentialId })
    }
    await record(prismaDb(tx), entry)
    return true
  })
}

export async function deleteConfiguration(
  { id, credentialId }: { id: string; credentialId: string },
  entry: NewAuditEntry,
): Promise<'deleted' | 'missing' | { usedBy: string[] }> {
  return prisma().$transaction(async (tx) => {
    await holdCredentials(tx, [credentialId])
    const found = await tx.$queryRaw<unknown[]>`
      select 1 from configuration where id = ${id} and "credentialId" = ${credentialId} for update`
    if (found.length === 0) return 'missing'
    const using = await tx.attachment.findMany({ where: { configurationId: id }, select: { id: true } })
    if (using.length > 0) return { usedBy: using.map((each) => each.id) }
    await tx.configuration.delete({ where: { id } })
    await tx.credential.deleteMany({ where: { id: credentialId, isKept: false, configurations: { none: {} } } })
    await record(prismaDb(tx), entry)
    return 'deleted'
  })
}
