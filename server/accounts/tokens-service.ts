/** Personal access tokens: a person's own, for one team, for scripts. Shown once. */
import { deleteToken, insertToken, listTokens } from '#server/accounts/store.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { DomainError } from '#core/errors.ts'
import { mintToken } from '#server/db/mint.ts'

export const TOKEN_MAX_DAYS = 90
const DAY_MS = 24 * 60 * 60 * 1000

export type TokenSummary = { tokenId: string; name: string; hint: string; createdAt: string; expiresAt: string; lastUsedAt: string | null }

type Holder = Pick<TeamScope, 'userId' | 'teamId'>

export async function readTokens({ userId, teamId }: TeamScope): Promise<TokenSummary[]> {
  const rows = await listTokens({ userId, teamId })
  return rows.map(({ createdAt, expiresAt, lastUsedAt, ...row }) => ({
    ...row,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  }))
}

export async function createToken(
  { userId, teamId }: Holder,
  { name, days }: { name: string; days: number },
): Promise<{ token: string; tokenId: string }> {
  const { token, hash } = mintToken('pat')
  const expiresAt = new Date(Date.now() + days * DAY_MS)
  const tokenId = await insertToken({ userId, teamId, name, tokenHash: hash, hint: `pat_…${token.slice(-4)}`, expiresAt })
  return { token, tokenId }
}

/** @throws token.missing */
export async function revokeToken({ userId, teamId }: TeamScope, tokenId: string): Promise<void> {
  if (!(await deleteToken({ id: tokenId, userId, teamId }))) throw new DomainError('token.missing')
}
