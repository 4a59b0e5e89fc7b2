/** What is found out about a credential while it is checked and used. Only ever of the version that was asked about. */
import type { FailureCode } from '#core/errors.ts'
import type { Verdict } from '#core/connections/verdict.ts'
import { prismaDb } from '#server/audit/service.ts'
import type { AuditDb } from '#server/connections/store.ts'
import { prisma } from '#server/db/client.ts'

/** `code` is the failure behind the verdict. `brokenCode` undefined leaves it as it was. */
export type Found = { verdict: Verdict; at: Date; code: FailureCode | null; brokenCode: FailureCode | null | undefined }

/** False when it was replaced or renewed meanwhile: a late answer to a former secret says nothing of this one. */
export async function updateVerdict(
  { credentialId, version, loginRevision }: { credentialId: string; version: number; loginRevision: number },
  { verdict, at, code, brokenCode }: Found,
  note: (db: AuditDb) => Promise<void>,
): Promise<boolean> {
  return prisma().$transaction(async (tx) => {
    const { count } = await tx.credential.updateMany({
      where: { id: credentialId, version, loginRevision },
      data: {
        verdict,
        verdictAt: at,
        ...(code !== null && { lastErrorCode: code, lastErrorAt: at }),
        ...(brokenCode !== undefined && { brokenCode, brokenAt: brokenCode === null ? null : at }),
      },
    })
    if (count > 0) await note(prismaDb(tx))
    return count > 0
  })
}

export async function updateBroken(credentialId: string, version: number, code: string): Promise<boolean> {
  const at = new Date()
  const { count } = await prisma().credential.updateMany({
    where: { id: credentialId, version },
    data: { brokenCode: code, brokenAt: at, lastErrorCode: code, lastErrorAt: at },
  })
  return count > 0
}

/** A failure that leaves the credential usable: the last one is told on its row. */
export async function updateLastError(credentialId: string, version: number, code: FailureCode): Promise<void> {
  await prisma().credential.updateMany({ where: { id: credentialId, version }, data: { lastErrorCode: code, lastErrorAt: new Date() } })
}

export async function updateUsed(credentialId: string): Promise<void> {
  await prisma().credential.updateMany({ where: { id: credentialId }, data: { lastUsedAt: new Date() } })
}
