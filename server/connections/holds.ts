/**
 * What a change of connections holds until its commit, so that two of them never wait for one another and none leaves
 * to the other what both should take away. One order for everybody: the member, the place, the credentials by their
 * ids; only then the rows that hang on them, and the chain of the audit log last.
 * From: `place-store.ts`, `undo-store.ts`, and the stores of `server/primitives`.
 */
import type { Scope } from '#core/connections/connection.ts'
import { DomainError } from '#core/errors.ts'
import { whole, type Tx, type Whole } from '#server/connections/store.ts'

/**
 * A removal waits, and takes away this too.
 * @throws team.missing for somebody who was removed meanwhile, such as while a provider was asked about their key
 */
export async function holdMember(tx: Tx, { teamId, userId }: { teamId: string; userId: string }): Promise<void> {
  const member = await tx.$queryRaw<unknown[]>`
    select 1 from member where "teamId" = ${teamId} and "userId" = ${userId} for key share`
  if (member.length === 0) throw new DomainError('team.missing')
}

type Place = { scope: Scope; scopeKey: string; harness: string }

export const lockPlace = (tx: Tx, { scope, scopeKey, harness }: Place) =>
  tx.$executeRaw`select pg_advisory_xact_lock(hashtextextended(${`attachment/${scope}/${scopeKey}/${harness}`}, 0))`

/** Those that are there, and not on their way out. */
export async function holdCredentials(tx: Tx, ids: readonly string[]): Promise<Map<string, { version: number }>> {
  const rows = await tx.$queryRaw<{ id: string; version: number; revokedAt: Date | null }[]>`
    select id, version, "revokedAt" from credential where id = any(${[...ids]}) order by id for update`
  return new Map(rows.filter((row) => row.revokedAt === null).map((row) => [row.id, row]))
}

/** What stands in a place, that place and its credential held, and `also` with them. */
export async function holdPlace(tx: Tx, place: Place, also: readonly string[] = []): Promise<Whole | null> {
  const { scope, scopeKey, harness } = place
  await lockPlace(tx, place)
  const find = () => tx.attachment.findUnique({ where: { scope_scopeKey_harness: { scope, scopeKey, harness } }, include: whole })
  return holdFound(tx, find, also)
}

/** Null when it is gone. */
export async function holdAttachment(tx: Tx, id: string): Promise<Whole | null> {
  const place = await tx.attachment.findUnique({ where: { id }, select: { scope: true, scopeKey: true, harness: true } })
  if (!place) return null
  await lockPlace(tx, place)
  return holdFound(tx, () => tx.attachment.findUnique({ where: { id }, include: whole }))
}

/** Its configuration may be given another credential until that one is held. */
async function holdFound(tx: Tx, find: () => Promise<Whole | null>, also: readonly string[] = []): Promise<Whole | null> {
  let seen = await find()
  for (;;) {
    const held = seen?.configuration.credentialId
    await holdCredentials(tx, held === undefined ? also : [...also, held])
    seen = await find()
    if (seen?.configuration.credentialId === held) return seen
  }
}
