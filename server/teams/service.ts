/** A team and its members. Invitations by link are in `invitations-service.ts`. */
import type { PoolClient } from 'pg'
import { reachesRole, type TeamRole } from '#server/access/acts.ts'
import type { TeamScope } from '#server/access/scope.ts'
import type { NewAuditEntry } from '#server/audit/service.ts'
import { changeRole, listInvitations, readTeam, removeMember, renameTeam } from '#server/teams/store.ts'
import type { TeamId, UserId } from '#core/ids.ts'
import { DomainError } from '#core/errors.ts'
import { hintList } from '#server/realtime/bus.ts'

export type TeamView = {
  teamId: string
  name: string
  members: { userId: string; name: string; email: string; role: TeamRole; isInstanceOwner: boolean; joinedAt: string }[]
  invitations: { invitationId: string; email: string; role: TeamRole; expiresAt: string; invitedByName: string }[]
}

export async function describeTeam(scope: TeamScope): Promise<TeamView> {
  const [{ name, members }, invitations] = await Promise.all([readTeam(scope), listInvitations(scope, new Date())])
  return {
    teamId: scope.teamId,
    name,
    members: members.map(({ joinedAt, ...member }) => ({ ...member, joinedAt: joinedAt.toISOString() })),
    invitations: invitations.map(({ expiresAt, ...invitation }) => ({ ...invitation, expiresAt: expiresAt.toISOString() })),
  }
}

export async function rename(scope: TeamScope, name: string): Promise<void> {
  await renameTeam(scope, name)
  tellChanged(scope)
}

/** Lists of members are read again. */
const tellChanged = ({ teamId }: TeamScope): void => hintList({ teamId, topic: 'members' })

/** @throws member.missing, team.last-admin, access.denied for a role above one's own */
export async function setRole(scope: TeamScope, change: { userId: string; role: TeamRole }): Promise<void> {
  if (!reachesRole(scope.role, change.role)) throw new DomainError('access.denied')
  demandDone(await changeRole(scope, change))
  tellChanged(scope)
}

/** `actorId` is who removes them. */
type Removed = Readonly<{ teamId: TeamId; userId: UserId; actorId: UserId }>

/**
 * What another noun undoes when a member goes, within the transaction. Returns what it does once that is committed (drop
 * sockets, wake nodes). What it has to `enter` into the audit log is recorded at the transaction's end.
 */
export type RemovalStep = (tx: PoolClient, removed: Removed, enter: (entry: NewAuditEntry) => void) => Promise<() => void>

const removalSteps = new Set<RemovalStep>()

/** Called where the server is put together. */
export const onMemberRemoved = (step: RemovalStep): void => void removalSteps.add(step)

/** @throws member.missing, team.last-admin */
export async function remove(scope: TeamScope, userId: string): Promise<void> {
  const removed = { teamId: scope.teamId, userId: userId as UserId, actorId: scope.userId }
  const after: (() => void)[] = []
  const entries: NewAuditEntry[] = []
  const enter = (entry: NewAuditEntry): void => void entries.push(entry)
  const steps = [...removalSteps].map((step) => async (tx: PoolClient) => void after.push(await step(tx, removed, enter)))
  demandDone(await removeMember(scope, { userId, steps, entries }))
  for (const act of after) act()
  tellChanged(scope)
}

function demandDone(change: Awaited<ReturnType<typeof changeRole>>): void {
  if (change === 'missing') throw new DomainError('member.missing')
  if (change === 'last-admin') throw new DomainError('team.last-admin')
}
