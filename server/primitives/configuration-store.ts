/** Writes configurations that people make themselves. */
import type { Settings } from '#core/connections/connection.ts'
import { prismaDb, record, type NewAuditEntry } from '#server/audit/service.ts'
import { prisma } from '#server/db/client.ts'
import { Prisma } from '#server/db/generated/client.ts'

type NewConfiguration = { id: string; teamId: string | null; harness: string; credentialId: string; settings: Settings }

type Tx = Prisma.TransactionClient

/**
 * Bound by hand, so it stays from now on. Writing the row also makes a disconnect that is about to destroy it look
 * again. False when it is gone.
 */
async function keepCredential(tx: Tx, id: string): Promise<boolean> {
  const { count } = await tx.credential.updateMany({ where: { id, revokedAt: null }, data: { isKept: true } })
  return count > 0
}

export async function insertConfiguration(given: NewConfiguration, entry: NewAuditEntry): Promise<'created' | 'taken' | 'missing'> {
  try {
    return await prisma().$transaction(async (tx) => {
      if (!(await keepCredential(tx, given.credentialId))) return 'missing'
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
  entry: NewAuditEntry,
): Promise<boolean> {
  return prisma().$transaction(async (tx) => {
    const isOther = credentialId !== formerCredentialId
    if (isOther && !(await keepCredential(tx, credentialId))) return false
    const { count } = await tx.configuration.updateMany({
      where: { id, credentialId: formerCredentialId },
      data: { credentialId, settings },
    })
    if (count === 0) return false
    if (isOther) await tx.credential.deleteMany({ where: { id: formerCredentialId, isKept: false, configurations: { none: {} } } })
    await record(prismaDb(tx), entry)
    return true
  })
}

export async function deleteConfiguration(id: string, entry: NewAuditEntry): Promise<'deleted' | 'missing' | { usedBy: string[] }> {
  return prisma().$transaction(async (tx) => {
    const held = await tx.$queryRaw<{ credentialId: string }[]>`select "credentialId" from configuration where id = ${id} for update`
    if (!held[0]) return 'missing'
    const using = await tx.attachment.findMany({ where: { configurationId: id }, select: { id: true } })
    if (using.length > 0) return { usedBy: using.map((each) => each.id) }
    await tx.configuration.delete({ where: { id } })
    await tx.credential.deleteMany({ where: { id: held[0].credentialId, isKept: false, configurations: { none: {} } } })
    await record(prismaDb(tx), entry)
    return 'deleted'
  })
}
