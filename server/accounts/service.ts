/**
 * Who is calling: a session cookie or a personal access token becomes a `Caller`.
 * What they may do is asked next, of `server/access/scope.ts`.
 */
import { hashPassword } from 'better-auth/crypto'
import { auth } from '#server/accounts/auth.ts'
import { findPerson, findPersonByEmail, findTeamsOf, findTokenBearer, type Person } from '#server/accounts/store.ts'
import type { TeamRole } from '#server/access/acts.ts'
import type { Caller } from '#server/access/scope.ts'
import type { TeamId, UserId } from '#core/ids.ts'
import { hashToken } from '#server/db/mint.ts'

export const TEAM_HEADER = 'x-gatehouse-team'

const asCaller = ({ userId, name, email, isInstanceOwner }: Person, via: Caller['via']): Caller => ({
  userId: userId as UserId,
  name,
  email,
  isInstanceOwner,
  via,
})

/** Null for nobody: unknown, expired and revoked all look the same. A token that is sent decides alone, whatever cookie is beside it. */
export async function identify(headers: Headers): Promise<Caller | null> {
  const authorization = headers.get('authorization')
  if (authorization !== null) {
    const token = /^Bearer (pat_[A-Za-z0-9_-]{20,100})$/.exec(authorization)?.[1]
    const bearer = token ? await findTokenBearer(hashToken(token), new Date()) : null
    return bearer && asCaller(bearer.person, { is: 'token', tokenId: bearer.tokenId, teamId: bearer.teamId as TeamId })
  }
  if (!headers.has('cookie')) return null
  const session = await auth().api.getSession({ headers })
  const person = session && (await findPerson(session.user.id))
  return person && asCaller(person, { is: 'session', sessionId: session.session.id })
}

export type Me = {
  user: { userId: string; name: string; email: string; isInstanceOwner: boolean }
  /** Null for somebody who was removed from their last team. */
  team: { teamId: string; name: string; role: TeamRole } | null
  teams: { teamId: string; name: string; role: TeamRole }[]
}

/** The team asked for, else the earliest; a token has only its own. */
export async function describeMe(caller: Caller, wanted: string | null): Promise<Me> {
  const { userId, name, email, isInstanceOwner, via } = caller
  const all = await findTeamsOf(userId)
  const teams = via.is === 'token' ? all.filter((each) => each.teamId === via.teamId) : all
  return { user: { userId, name, email, isInstanceOwner }, team: teams.find((each) => each.teamId === wanted) ?? teams[0] ?? null, teams }
}

/** Whether an invitation for this address has to be accepted by signing in. */
export const hasAccount = async (email: string): Promise<boolean> => (await findPersonByEmail(email)) !== null

export { Email, Name, Password } from '#server/accounts/account-input.ts'

export const findAccount = findPersonByEmail

/** As better-auth's sign-in verifies it. */
export const sealPassword = (password: string): Promise<string> => hashPassword(password)
