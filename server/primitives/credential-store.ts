/** Writes credentials that people name themselves. The entry of the audit log stands or falls with each change. */
import type { Credential } from '#core/connections/connection.ts'
import { prismaDb, record, type NewAuditEntry } from '#server/audit/service.ts'
import { type Checked, checkedColumns, holdCredentials, holdMember, isSameSort, kindColumns } from '#server/connections/rows.ts'
import { prisma } from '#server/db/client.ts'
import { Prisma } from '#server/db/generated/client.ts'

type Described = Pick<Credential, 'kind' | 'provider' | 'format' | 'issuer' | 'baseUrl' | 'dialect'>
type Sealed = { sealed: Uint8Array<ArrayBuffer>; masterVersion: number }

/** What a secret makes of its row. */
export type StoredSecret = Described &
  Checked & {
    /** Of a custom provider; undefined keeps those of a former secret of the same place. */
    models: string[] | undefined
    lastFour: string
    fingerprint: string
    loginFacts: Prisma.InputJsonObject | null
    seal: (row: Place) => Sealed
  }
type Place = { id: string; teamId: string | null }

/** Who does it: a provider was asked before, and somebody who was removed meanwhile leaves no secret behind. */
type By = { teamId: string; userId: string }

const isTaken = (error: unknown) => error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002'

/**
 * False when the id is taken, by whomever: an id names one row of the instance, so this tells that some team has it, and
 * nothing of whose or what. Ids that nobody chose are random and tell nothing.
 */
export async function insertCredential(
  { id, teamId, name, by, secret }: Place & { name: string; by: By; secret: StoredSecret },
  entry: NewAuditEntry,
): Promise<boolean> {
  const { seal, kind, models = [], ...described } = secret
  try {
    await prisma().$transaction(async (tx) => {
      await holdMember(tx, by)
      // A run may still pin a credential of this id that was deleted; it must not take this one for that.
      const pinned = await tx.run.aggregate({ where: { credentialId: id }, _max: { credentialVersion: true, loginRevision: true } })
      const version = (pinned._max.credentialVersion ?? 0) + 1
      const loginRevision = (pinned._max.loginRevision ?? -1) + 1
      const place = { id, teamId }
      await tx.credential.create({
        data: {
          ...described,
          ...checkedColumns(secret),
          models,
          kind: kindColumns[kind],
          ...seal(place),
          ...place,
          name,
          createdBy: by.userId,
          version,
          loginRevision,
          isKept: true,
        },
      })
      await record(prismaDb(tx), entry)
    })
    return true
  } catch (error) {
    if (isTaken(error)) return false
    throw error
  }
}

/** False when it is gone. */
export async function renameCredential({ id, name }: { id: string; name: string }, entry: NewAuditEntry): Promise<boolean> {
  return prisma().$transaction(async (tx) => {
    const { count } = await tx.credential.updateMany({ where: { id, revokedAt: null }, data: { name, isKept: true } })
    if (count > 0) await record(prismaDb(tx), entry)
    return count > 0
  })
}

/** The version goes up, which ends every run that pinned the former. Returns it; null when it is gone. */
export async function replaceSecret(
  { id, teamId, by, secret }: Place & { by: By; secret: StoredSecret },
  entry: NewAuditEntry,
): Promise<number | null> {
  const { seal, kind, models, ...described } = secret
  return prisma().$transaction(async (tx) => {
    await holdMember(tx, by)
    if (!(await holdCredentials(tx, [id])).has(id)) return null
    const former = await tx.credential.findUniqueOrThrow({ where: { id } })
    const isSame = isSameSort(former, secret)
    const { version } = await tx.credential.update({
      where: { id },
      data: {
        ...described,
        ...checkedColumns(secret),
        models: models ?? (isSame ? former.models : []),
        kind: kindColumns[kind],
        ...seal({ id, teamId }),
        createdBy: by.userId,
        version: { increment: 1 },
        loginRevision: { increment: 1 },
        replacedAt: new Date(),
      },
    })
    // What its owner shared was a key of the former sort.
    if (!isSame) await tx.attachment.updateMany({ where: { configuration: { credentialId: id } }, data: { isShared: false } })
    await record(prismaDb(tx), { ...entry, facts: { ...entry.facts, version } })
    return version
  })
}

/** What is attached nowhere and was not made by hand (a connection on its way out) goes with it. */
export async function deleteCredential(id: string, entry: NewAuditEntry): Promise<'deleted' | 'missing' | { usedBy: string[] }> {
  return prisma().$transaction(async (tx) => {
    const held = await tx.$queryRaw<unknown[]>`select 1 from credential where id = ${id} for update`
    if (held.length === 0) return 'missing'
    const using = await tx.configuration.findMany({
      where: { credentialId: id, OR: [{ isKept: true }, { attachments: { some: {} } }] },
      select: { id: true },
    })
    if (using.length > 0) return { usedBy: using.map((each) => each.id) }
    await tx.credential.delete({ where: { id } })
    await record(prismaDb(tx), entry)
    return 'deleted'
  })
}
