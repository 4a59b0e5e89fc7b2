/** Invitations: a link for one address, used once within 72 hours. */
import { findAccount, hasAccount, sealPassword } from '#server/accounts/service.ts'
import { reachesRole, type TeamRole } from '#server/access/acts.ts'
import type { Caller, TeamScope } from '#server/access/scope.ts'
import { deleteInvitation, findInvitation, isMemberByEmail, join, putInvitation, type OpenInvitation } from '#server/teams/store.ts'
import { DomainError } from '#core/errors.ts'
import type { TeamId } from '#core/ids.ts'
import { hintList } from '#server/realtime/bus.ts'
import { env } from '#server/env.ts'
import { hashToken, mintToken } from '#server/db/mint.ts'

const LASTS_MS = 72 * 60 * 60 * 1000

/** @throws access.denied for a role above one's own; request.invalid for somebody who is in the team already */
export async function invite(
  scope: TeamScope,
  { email, role }: { email: string; role: TeamRole },
): Promise<{ url: string; expiresAt: string }> {
  if (!reachesRole(scope.role, role)) throw new DomainError('access.denied')
  if (await isMemberByEmail(scope.teamId, email))
    throw new DomainError('request.invalid', { fields: ['email'], problem: 'This person is in the team already.' })
  const { token, hash } = mintToken('inv')
  const expiresAt = new Date(Date.now() + LASTS_MS)
  await putInvitation(scope, { email, role, tokenHash: hash, expiresAt })
  return { url: `${env().url}/invite/${token}`, expiresAt: expiresAt.toISOString() }
}

/** @throws invitation.unusable */
export async function revokeInvitation(scope: TeamScope, invitationId: string): Promise<void> {
  if (!(await deleteInvitation(scope, invitationId))) throw new DomainError('invitation.unusable')
}

/** What the invited person sees before they accept. @throws invitation.unusable */
export async function readInvitation(token: string): Promise<{ teamName: string; email: string; role: TeamRole; hasAccount: boolean }> {
  const { teamName, email, role } = await demandInvitation(token)
  return { teamName, email, role, hasAccount: await hasAccount(email) }
}

/**
 * An address without an account gets one; one with an account must be signed in as it.
 * @throws invitation.unusable, invitation.other-email, session.missing, request.invalid
 */
export async function acceptInvitation(
  caller: Caller | null,
  input: { token: string; name?: string; password?: string },
): Promise<{ email: string }> {
  const invitation = await demandInvitation(input.token)
  if (!(await join(invitation, await whoJoins(caller, invitation, input)))) throw new DomainError('invitation.unusable')
  hintList({ teamId: invitation.teamId as TeamId, topic: 'members' })
  return { email: invitation.email }
}

async function whoJoins(caller: Caller | null, { email }: OpenInvitation, { name, password }: { name?: string; password?: string }) {
  if (caller) {
    if (caller.email.toLowerCase() !== email) throw new DomainError('invitation.other-email', { email })
    return { userId: caller.userId }
  }
  if (await findAccount(email)) throw new DomainError('session.missing')
  if (!name || !password)
    throw new DomainError('request.invalid', { fields: [...(name ? [] : ['name']), ...(password ? [] : ['password'])] })
  return { name, passwordHash: await sealPassword(password) }
}

async function demandInvitation(token: string): Promise<OpenInvitation> {
  const found = await findInvitation(hashToken(token), new Date())
  if (!found) throw new DomainError('invitation.unusable')
  return found
}
