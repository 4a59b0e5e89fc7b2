/** People, their tokens, and whether set-up is open. Nothing here returns a hash. */
import { prismaDb, record } from '#server/audit/service.ts'
import { inTransaction, prisma } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import type { TeamRole } from '#server/access/acts.ts'

export type Person = { userId: string; name: string; email: string; isInstanceOwner: boolean }
export type NewPerson = { name: string; email: string; passwordHash: string }

const person = { id: true, name: true, email: true, isInstanceOwner: true } as const
const asPerson = ({ id, ...rest }: { id: string; name: string; email: string; isInstanceOwner: boolean }): Person => ({
  userId: id,
  ...rest,
})

export async function findPerson(userId: string): Promise<Person | null> {
  const found = await prisma().user.findUnique({ where: { id: userId }, select: person })
  return found && asPerson(found)
}

/** E-mail addresses are kept in lower case, as better-auth looks them up. */
export async function findPersonByEmail(email: string): Promise<Person | null> {
  const found = await prisma().user.findUnique({ where: { email: email.toLowerCase() }, select: person })
  return found && asPerson(found)
}

export async function findTeamsOf(userId: string): Promise<{ teamId: string; name: string; role: TeamRole }[]> {
  const members = await prisma().member.findMany({
    where: { userId },
    orderBy: [{ createdAt: 'asc' }, { teamId: 'asc' }],
    select: { teamId: true, role: true, team: { select: { name: true } } },
  })
  return members.map(({ teamId, role, team }) => ({ teamId, name: team.name, role }))
}

// --- set-up ------------------------------------------------------------------------------------------------

export async function isAnyOwnerThere(): Promise<boolean> {
  return (await prisma().user.count({ where: { isInstanceOwner: true } })) > 0
}

export async function readSetup(): Promise<{ codeHash: Uint8Array | null; codeExpiresAt: Date | null; closedAt: Date | null }> {
  const row = await prisma().instance.findUnique({ where: { id: 1 } })
  return { codeHash: row?.setupCodeHash ?? null, codeExpiresAt: row?.setupCodeExpiresAt ?? null, closedAt: row?.setupClosedAt ?? null }
}

export async function writeSetupCode(setupCodeHash: Uint8Array<ArrayBuffer>, setupCodeExpiresAt: Date): Promise<void> {
  const code = { setupCodeHash, setupCodeExpiresAt }
  await prisma().instance.upsert({ where: { id: 1 }, create: { id: 1, ...code }, update: code })
}

/**
 * The owner and their team, and set-up closed for ever, in one transaction.
 * Null when somebody else was first: the instance row is locked, so only one can be.
 */
export async function createOwner({
  name,
  email,
  passwordHash,
  team,
}: NewPerson & { team: string }): Promise<{ userId: string; teamId: string } | null> {
  return inTransaction(async (tx) => {
    await tx.query('insert into instance (id) values (1) on conflict do nothing')
    const { rows } = await tx.query<{ isClosed: boolean }>(
      'select "setupClosedAt" is not null as "isClosed" from instance where id = 1 for update',
    )
    if (rows[0]!.isClosed) return null
    const [userId, teamId] = [mintUuid(), mintUuid()]
    await tx.query(
      'insert into "user" (id, name, email, "emailVerified", "isInstanceOwner", "updatedAt") values ($1, $2, $3, true, true, now())',
      [userId, name, email.toLowerCase()],
    )
    await tx.query(
      `insert into account (id, "accountId", "providerId", "userId", password, "updatedAt") values ($1, $2, 'credential', $2, $3, now())`,
      [mintUuid(), userId, passwordHash],
    )
    await tx.query('insert into team (id, name) values ($1, $2)', [teamId, team])
    await tx.query(`insert into member ("teamId", "userId", role) values ($1, $2, 'admin')`, [teamId, userId])
    await tx.query('update instance set "setupClosedAt" = now(), "setupCodeHash" = null, "setupCodeExpiresAt" = null where id = 1')
    await record(tx, { teamId, actorId: userId, act: 'team.created', subject: { kind: 'team', id: teamId }, facts: { name: team } })
    return { userId, teamId }
  })
}

// --- personal access tokens --------------------------------------------------------------------------------

export type TokenRow = { tokenId: string; name: string; hint: string; createdAt: Date; expiresAt: Date; lastUsedAt: Date | null }

export async function listTokens(where: { userId: string; teamId: string }): Promise<TokenRow[]> {
  const rows = await prisma().personalAccessToken.findMany({ where, orderBy: { createdAt: 'desc' } })
  return rows.map(({ id, name, hint, createdAt, expiresAt, lastUsedAt }) => ({ tokenId: id, name, hint, createdAt, expiresAt, lastUsedAt }))
}

export type NewToken = { userId: string; teamId: string; name: string; tokenHash: Uint8Array<ArrayBuffer>; hint: string; expiresAt: Date }

export async function insertToken(token: NewToken): Promise<string> {
  const { teamId, userId: actorId, name, hint, expiresAt } = token
  return prisma().$transaction(async (tx) => {
    const { id } = await tx.personalAccessToken.create({ data: { id: mintUuid(), ...token }, select: { id: true } })
    const facts = { name, hint, expiresAt: expiresAt.toISOString() }
    await record(prismaDb(tx), { teamId, actorId, act: 'token.created', subject: { kind: 'token', id }, facts })
    return id
  })
}

export async function deleteToken({ id, userId, teamId }: { id: string; userId: string; teamId: string }): Promise<boolean> {
  return prisma().$transaction(async (tx) => {
    const found = await tx.personalAccessToken.findFirst({ where: { id, userId, teamId }, select: { name: true, hint: true } })
    const { count } = await tx.personalAccessToken.deleteMany({ where: { id, userId, teamId } })
    if (!found || count === 0) return false
    await record(prismaDb(tx), { teamId, actorId: userId, act: 'token.revoked', subject: { kind: 'token', id }, facts: found })
    return true
  })
}

/** Who a token stands for, if it is alive and its owner still is a member. Notes the use, at most once a minute. */
export async function findTokenBearer(
  tokenHash: Uint8Array<ArrayBuffer>,
  now: Date,
): Promise<{ tokenId: string; teamId: string; person: Person } | null> {
  const found = await prisma().personalAccessToken.findUnique({
    where: { tokenHash },
    select: { id: true, teamId: true, userId: true, expiresAt: true, lastUsedAt: true, user: { select: person } },
  })
  if (!found || found.expiresAt <= now) return null
  if (!found.lastUsedAt || now.getTime() - found.lastUsedAt.getTime() > 60_000) {
    await prisma().personalAccessToken.updateMany({ where: { id: found.id }, data: { lastUsedAt: now } })
  }
  return { tokenId: found.id, teamId: found.teamId, person: asPerson(found.user) }
}
