/** Writes credentials that people name themselves. The entry of the audit log stands or falls with each change. */
import type { Credential, CredentialKind } from '#core/connections/connection.ts'
import type { LoginFacts } from '#core/connections/login-facts.ts'
import { prismaDb, record, type NewAuditEntry } from '#server/audit/service.ts'
import { prisma } from '#server/db/client.ts'
import { Prisma } from '#server/db/generated/client.ts'

type Described = Pick<Credential, 'kind' | 'provider' | 'format' | 'issuer' | 'baseUrl' | 'dialect'>
type Sealed = { sealed: Uint8Array<ArrayBuffer>; masterVersion: number }

/** What a secret makes of its row. */
export type StoredSecret = Described & {
  models: string[]
  lastFour: string
  fingerprint: string
  loginFacts: LoginFacts | null
  seal: (row: Place) => Sealed
}
type Place = { id: string; teamId: string | null }

const kindColumn = (kind: CredentialKind) =>
  ({ 'api-key': 'api_key', 'auth-file': 'auth_file', 'oauth-token': 'oauth_token' })[kind] as 'api_key' | 'auth_file' | 'oauth_token'

const isTaken = (error: unknown) => error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002'

/** False when the id is taken, by whomever. */
export async function insertCredential(
  { id, teamId, name, createdBy, secret }: Place & { name: string; createdBy: string; secret: StoredSecret },
  entry: NewAuditEntry,
): Promise<boolean> {
  const { seal, kind, loginFacts, ...described } = secret
  try {
    await prisma().$transaction(async (tx) => {
      // A run may still pin a credential of this id that was deleted; it must not take this one for that.
      const pinned = await tx.run.aggregate({ where: { credentialId: id }, _max: { credentialVersion: true } })
      const version = (pinned._max.credentialVersion ?? 0) + 1
      const place = { id, teamId }
      await tx.credential.create({
        data: {
          ...described,
          loginFacts: loginFacts ?? Prisma.DbNull,
          kind: kindColumn(kind),
          ...seal(place),
          ...place,
          name,
          createdBy,
          version,
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

/** The version goes up, which ends every run that pinned the former. False when it is gone. */
export async function replaceSecret(
  { id, teamId, createdBy, secret }: Place & { createdBy: string; secret: StoredSecret },
  entry: NewAuditEntry,
): Promise<boolean> {
  const { seal, kind, loginFacts, ...described } = secret
  return prisma().$transaction(async (tx) => {
    const { count } = await tx.credential.updateMany({
      where: { id, revokedAt: null },
      data: {
        ...described,
        kind: kindColumn(kind),
        ...seal({ id, teamId }),
        createdBy,
        version: { increment: 1 },
        loginRevision: { increment: 1 },
        loginFacts: loginFacts ?? Prisma.DbNull,
        replacedAt: new Date(),
        brokenCode: null,
        brokenAt: null,
        verdict: null,
        verdictAt: null,
      },
    })
    if (count > 0) await record(prismaDb(tx), entry)
    return count > 0
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
