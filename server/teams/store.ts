/** Teams, members and invitations. The team of the scope is in every WHERE. */
import type { PoolClient } from 'pg'
import type { TeamScope } from '#server/access/scope.ts'
import type { TeamRole } from '#server/access/acts.ts'
import { prismaDb, record, type NewAuditEntry } from '#server/audit/service.ts'
import { inTransaction, prisma } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import { destroyBelongings } from '#server/teams/removal-store.ts'

export type MemberRow = { userId: string; name: string; email: string; role: TeamRole; isInstanceOwner: boolean; joinedAt: Date }
export type InvitationRow = { invitationId: string; email: string; role: TeamRole; expiresAt: Date; invitedByName: string }

export async function readTeam({ teamId }: TeamScope): Promise<{ name: string; members: MemberRow[] }> {
  const team = await prisma().team.findUniqueOrThrow({
    where: { id: teamId },
    select: {
      name: true,
      members: {
        orderBy: [{ createdAt: 'asc' }, { userId: 'asc' }],
        select: { role: true, createdAt: true, user: { select: { id: true, name: true, email: true, isInstanceOwner: true } } },
      },
    },
  })
  const members = team.members.map(({ role, createdAt, user: { id, ...user } }) => ({ userId: id, ...user, role, joinedAt: createdAt }))
  return { name: team.name, members }
}

export async function renameTeam({ teamId, userId }: TeamScope, name: string): Promise<void> {
  await prisma().$transaction(async (tx) => {
    const former = await tx.team.findUniqueOrThrow({ where: { id: teamId }, select: { name: true } })
    await tx.team.update({ where: { id: teamId }, data: { name } })
    const facts = { name, formerName: former.name }
    await record(prismaDb(tx), { teamId, actorId: userId, act: 'team.renamed', subject: { kind: 'team', id: teamId }, facts })
  })
}

export async function isMemberByEmail(teamId: string, email: string): Promise<boolean> {
  return (await prisma().member.count({ where: { teamId, user: { email: email.toLowerCase() } } })) > 0
}

/** What became of a change that could take the team's last admin away. */
type AdminChange = 'done' | 'missing' | 'last-admin'

/** Holds the team's rows, so that two admins cannot each remove the other. */
async function lockMembers(tx: PoolClient, teamId: string): Promise<LockedMember[]> {
  const { rows } = await tx.query<LockedMember>(
    `select m."userId", m.role, u.name from member m join "user" u on u.id = m."userId"
     where m."teamId" = $1 order by m."userId" for update of m`,
    [teamId],
  )
  return rows
}

type LockedMember = { userId: string; role: TeamRole; name: string }

const isLastAdmin = (members: LockedMember[], userId: string) =>
  members.every((each) => (each.role === 'admin') === (each.userId === userId))

export async function changeRole(
  { teamId, userId: actorId }: TeamScope,
  { userId, role }: { userId: string; role: TeamRole },
): Promise<AdminChange> {
  return inTransaction(async (tx) => {
    const members = await lockMembers(tx, teamId)
    const member = members.find((each) => each.userId === userId)
    if (!member) return 'missing'
    if (role !== 'admin' && isLastAdmin(members, userId)) return 'last-admin'
    if (role === member.role) return 'done'
    await tx.query('update member set role = $3 where "teamId" = $1 and "userId" = $2', [teamId, userId, role])
    const facts = { name: member.name, role, formerRole: member.role }
    await record(tx, { teamId, actorId, act: 'member.role-changed', subject: { kind: 'member', id: userId }, facts })
    return 'done'
  })
}

/**
 * Ends a membership and everything that hung on it. `steps` are what other nouns have to
 * undo; they run in the same transaction, before the rows they look at are gone. `entries` is what they have added by then
 * to record.
 */
export async function removeMember(
  { teamId, userId: actorId }: TeamScope,
  { userId, steps, entries }: { userId: string; steps: readonly ((tx: PoolClient) => Promise<void>)[]; entries: readonly NewAuditEntry[] },
): Promise<AdminChange> {
  return inTransaction(async (tx) => {
    const members = await lockMembers(tx, teamId)
    const member = members.find((each) => each.userId === userId)
    if (!member) return 'missing'
    if (isLastAdmin(members, userId)) return 'last-admin'
    for (const step of steps) await step(tx)
    await destroyBelongings(tx, { teamId, userId })
    await tx.query('delete from member where "teamId" = $1 and "userId" = $2', [teamId, userId])
    const facts = { name: member.name, role: member.role }
    await record(tx, { teamId, actorId, act: 'member.removed', subject: { kind: 'member', id: userId }, facts })
    for (const entry of entries) await record(tx, entry)
    return 'done'
  })
}

// --- invitations -------------------------------------------------------------------------------------------

export async function listInvitations({ teamId }: TeamScope, now: Date): Promise<InvitationRow[]> {
  const rows = await prisma().invitation.findMany({
    where: { teamId, acceptedAt: null, expiresAt: { gt: now } },
    orderBy: { createdAt: 'asc' },
  })
  const inviters = await prisma().user.findMany({
    where: { id: { in: rows.map((each) => each.invitedBy) } },
    select: { id: true, name: true },
  })
  const names = new Map(inviters.map((each) => [each.id, each.name]))
  return rows.map(({ id, email, role, expiresAt, invitedBy }) => ({
    invitationId: id,
    email,
    role,
    expiresAt,
    invitedByName: names.get(invitedBy) ?? 'Somebody who left',
  }))
}

/** An address has one open invitation per team: a new link makes the old one useless. */
export async function putInvitation(
  { teamId, userId }: TeamScope,
  { email, ...rest }: { email: string; role: TeamRole; tokenHash: Uint8Array<ArrayBuffer>; expiresAt: Date },
): Promise<void> {
  await prisma().$transaction(async (tx) => {
    await tx.invitation.deleteMany({ where: { teamId, email, acceptedAt: null } })
    const { id } = await tx.invitation.create({ data: { id: mintUuid(), teamId, email, invitedBy: userId, ...rest }, select: { id: true } })
    const facts = { email, role: rest.role, expiresAt: rest.expiresAt.toISOString() }
    await record(prismaDb(tx), { teamId, actorId: userId, act: 'member.invited', subject: { kind: 'invitation', id }, facts })
  })
}

export async function deleteInvitation({ teamId, userId }: TeamScope, invitationId: string): Promise<boolean> {
  return prisma().$transaction(async (tx) => {
    const where = { id: invitationId, teamId, acceptedAt: null }
    const found = await tx.invitation.findFirst({ where, select: { email: true, role: true } })
    const { count } = await tx.invitation.deleteMany({ where })
    if (!found || count === 0) return false
    const subject = { kind: 'invitation', id: invitationId } as const
    await record(prismaDb(tx), { teamId, actorId: userId, act: 'invitation.revoked', subject, facts: found })
    return true
  })
}

export type OpenInvitation = { invitationId: string; teamId: string; teamName: string; email: string; role: TeamRole }

/** By the hash of its link: null when it is unknown, used or too old. */
export async function findInvitation(tokenHash: Uint8Array<ArrayBuffer>, now: Date): Promise<OpenInvitation | null> {
  const found = await prisma().invitation.findUnique({ where: { tokenHash }, include: { team: { select: { name: true } } } })
  if (!found || found.acceptedAt || found.expiresAt <= now) return null
  return { invitationId: found.id, teamId: found.teamId, teamName: found.team.name, email: found.email, role: found.role }
}

type Joining = { userId: string } | { name: string; passwordHash: string }

/** Uses the invitation up and makes the member, and their account when they have none. False when it was used meanwhile. */
export async function join({ invitationId, teamId, email, role }: OpenInvitation, who: Joining): Promise<boolean> {
  return inTransaction(async (tx) => {
    const { rowCount } = await tx.query(
      'update invitation set "acceptedAt" = now() where id = $1 and "acceptedAt" is null and "expiresAt" > now()',
      [invitationId],
    )
    if (rowCount === 0) return false
    const userId = 'userId' in who ? who.userId : await insertAccount(tx, { email, ...who })
    await tx.query('insert into member ("teamId", "userId", role) values ($1, $2, $3) on conflict do nothing', [teamId, userId, role])
    await record(tx, { teamId, actorId: userId, act: 'member.joined', subject: { kind: 'member', id: userId }, facts: { email, role } })
    return true
  })
}

async function insertAccount(
  tx: PoolClient,
  { email, name, passwordHash }: { email: string; name: string; passwordHash: string },
): Promise<string> {
  const userId = mintUuid()
  // Whoever holds the link got it for this address.
  await tx.query('insert into "user" (id, name, email, "emailVerified", "updatedAt") values ($1, $2, $3, true, now())', [
    userId,
    name,
    email,
  ])
  await tx.query(
    `insert into account (id, "accountId", "providerId", "userId", password, "updatedAt") values ($1, $2, 'credential', $2, $3, now())`,
    [mintUuid(), userId, passwordHash],
  )
  return userId
}
