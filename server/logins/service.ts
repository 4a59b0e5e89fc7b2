/**
 * Logins for the parts that hand them out: what a run gets of one, and who has it meanwhile. What becomes of it later
 * comes back through `refresh.ts` (the broker) or `sync.ts` (a program's own refresh).
 * From: `server/daemons/start-run.ts`.
 */
import { readLogin, withSentinel } from '#core/connections/login-facts.ts'
import type { ChatId } from '#core/ids.ts'
import { pool, type PoolClient } from '#server/db/client.ts'
import { mintToken } from '#server/db/mint.ts'
import { openSecret } from '#server/connections/resolver.ts'
import { brokerOf, isRenewedByProgram } from '#server/logins/brokers.ts'
import { askWhoseStored } from '#server/logins/identity.ts'
import { findHolder, findLogin, holdLogin, updatePerson, type Holder } from '#server/logins/store.ts'

export { findUnreturned, updateReturned, type Holder } from '#server/logins/store.ts'
export { checkNewLogin, checkStoredLogin } from '#server/logins/check.ts'
export { syncLogin } from '#server/logins/sync.ts'

export type HandedOut = {
  contents: string
  loginRevision: number
  /** Of the refresh token that stands in the file; null where the program refreshes by itself. */
  sentinelHash: Buffer | null
  /** One run at a time may hold it, since what one refreshes is worth nothing to the others. */
  isExclusive: boolean
}

/** Another chat has it, and it serves one at a time; or had it, and what its run made of it has not come back. */
type HeldElsewhere = { heldBy: Holder }

type Pin = { credentialId: string; credentialVersion: number }

/**
 * The file as a run of this chat gets it. Null when it was replaced meanwhile, or does not open. Whoever waits for one
 * that is held asks every second, so nobody else is asked anything then.
 */
export async function handOutLogin(
  { credentialId, credentialVersion: version }: Pin,
  { harness, chatId }: { harness: string; chatId: ChatId },
): Promise<HandedOut | HeldElsewhere | null> {
  const login = await findLogin(pool(), credentialId)
  const opened = login && openSecret(login)
  if (login?.version !== version || opened?.is !== 'open') return null
  const { format, loginRevision } = login
  const isExclusive = isRenewedByProgram(harness, format)
  const heldBy = isExclusive ? await findHolder(pool(), { credentialId, chatId }) : null
  if (heldBy) return { heldBy }
  if (login.person === null) {
    const person = await askWhoseStored({ id: credentialId, loginRevision, harness, format, contents: opened.text })
    if (person !== null) await updatePerson(pool(), { id: credentialId, loginRevision, person })
  }
  // Not ours to know: such a file is handed out as it came.
  if (brokerOf(harness, format) === null || readLogin(format, opened.text).is !== 'login')
    return { contents: opened.text, loginRevision, sentinelHash: null, isExclusive }
  const { token, hash } = mintToken('wsr')
  return { contents: withSentinel(format, opened.text, token), loginRevision, sentinelHash: hash, isExclusive }
}

/**
 * Whether an exclusive login may go to this chat's run, which is inserted in the same transaction: the row is held
 * until then. `changed`: it is no longer what was handed out.
 */
export async function reserveLogin(
  tx: PoolClient,
  { credentialId, credentialVersion: version, chatId, loginRevision }: Pin & { chatId: ChatId; loginRevision: number },
): Promise<{ is: 'free' } | { is: 'changed' } | { is: 'held'; by: Holder }> {
  const login = await holdLogin(tx, credentialId)
  if (login?.version !== version || login.loginRevision !== loginRevision) return { is: 'changed' }
  const by = await findHolder(tx, { credentialId, chatId })
  return by ? { is: 'held', by } : { is: 'free' }
}
