/**
 * Takes back what a program made of its own login: it has refreshed, and the copy in the vault opens nothing any more.
 * Kept only in the place of what the run was given, by its revision: an old run never overwrites an account that
 * was replaced, nor newer tokens of the same one. A file that changed hands is refused; one without tokens is lost; one of
 * which that cannot be said yet stays where it is, and the daemon tells it again.
 * From: `server/daemons/gateway.ts`, the call `loginChanged`.
 */
import { accessTokenOf, isAnothers, readLogin, refreshTokenOf, whyNotTheSame, type LoginFacts } from '#core/connections/login-facts.ts'
import type { FailureCode } from '#core/errors.ts'
import type { NodeId } from '#core/ids.ts'
import type { CallReply, CallRequest } from '#core/links/daemon.ts'
import { RateLimiter } from '#server/access/rate-limit.ts'
import { record } from '#server/audit/service.ts'
import { openSecret, sealSecret } from '#server/connections/resolver.ts'
import { inTransaction, pool, type PoolClient } from '#server/db/client.ts'
import { isRenewedByProgram } from '#server/logins/brokers.ts'
import { askWhose, withPerson } from '#server/logins/identity.ts'
import {
  findLogin,
  findRunOfDaemon,
  holdChat,
  holdLogin,
  swapLogin,
  updateFailing,
  updateGivenRevision,
  type LoginRow,
  type LoginRun,
} from '#server/logins/store.ts'
import { entryOf, tellLists, tellRun } from '#server/logins/tell.ts'

type Reply = CallReply<'loginChanged'>
type Run = Omit<LoginRun, 'isLeased'>

const unchanged: Reply = { is: 'unchanged' }
const refused = (code: FailureCode): Reply => ({ is: 'refused', code })
const later = (code: FailureCode) => ({ reply: { is: 'later', code } satisfies Reply, login: null })

export async function syncLogin(nodeId: NodeId, { contents, ...changed }: CallRequest<'loginChanged'>): Promise<Reply> {
  const run = await findRunOfDaemon(nodeId, changed)
  if (!run) return refused('credential.missing')
  const whose = await whoseNow(run, contents)
  const { reply, login } = await inTransaction((tx) => judge(tx, run, { contents, whose }))
  if (login) tellLists(login)
  // A file that changed hands fails no turn: its program goes on with it, and the row tells.
  if (reply.is === 'refused' && reply.code === 'login.lost' && login) await tellRun(run, login, reply.code)
  return reply
}

type Changed = { contents: string; whose: Awaited<ReturnType<typeof askWhose>> | 'too-often' }

/** A program refreshes now and then; one that rewrites its file all the time makes us ask nobody all the time. */
const ASKS_PER_MINUTE = 10
const asks = new RateLimiter()

/** Asked before anything is held: a vendor may take its time. */
async function whoseNow(run: Run, contents: string): Promise<Changed['whose']> {
  const login = await findLogin(pool(), run.credentialId)
  if (login?.loginRevision !== run.loginRevision) return { person: null }
  const opened = openSecret(login)
  if (opened.is !== 'open' || readLogin(login.format, contents).is !== 'login') return { person: null }
  const { format } = login
  // The very same tokens are the same person's; no refresh changes one of the two alone.
  if (accessTokenOf(format, opened.text) === accessTokenOf(format, contents))
    return { person: refreshTokenOf(format, opened.text) === refreshTokenOf(format, contents) ? login.person : null }
  if (!asks.allow(run.runId, { perMinute: ASKS_PER_MINUTE, nowMs: performance.now() })) return 'too-often'
  return askWhose({ harness: run.harness, format, contents })
}

/** `login` is there when something of it changed. */
async function judge(tx: PoolClient, run: Run, { contents, whose }: Changed): Promise<{ reply: Reply; login: LoginRow | null }> {
  const same = { reply: unchanged, login: null }
  await holdChat(tx, run.chatId)
  const login = await holdLogin(tx, run.credentialId)
  if (!login) return { reply: refused('credential.missing'), login: null }
  if (!isRenewedByProgram(run.harness, login.format)) return same
  // It was replaced, or somebody else was given it since: theirs is the newer one. The version alone moves also when it
  // was only taken away for a while.
  if (login.loginRevision !== run.loginRevision) {
    const isSameVersion = login.version === run.credentialVersion
    return { reply: refused(isSameVersion ? 'login.in-use' : 'credential.missing'), login: null }
  }
  const opened = openSecret(login)
  // Whoever lost the master key may find it.
  if (opened.is !== 'open') return later('connection.unreadable')
  const former = readLogin(login.format, opened.text)
  if (former.is !== 'login') return { reply: refused('connection.unreadable'), login: null }
  const next = readLogin(login.format, contents)
  // A file that is just being written; it will change once more.
  if (next.is === 'malformed') return same
  if (next.is === 'signed-out') return fail(tx, { run, login, code: 'login.lost', isBroken: true })
  // The vault's copy is the newest again: what was said of it meanwhile is void.
  if (opened.text === contents && login.brokenCode === null) return same
  if (whose === 'too-often') return later('request.too-many')
  // Where nobody knows whose the former is, there is nothing to wait for.
  if (whose === 'unavailable' && login.person !== null) return later('provider.unreachable')
  const facts = withPerson(next.facts, whose === 'unavailable' ? null : whose.person)
  const isOther = isAnothers(login.format, { former: opened.text, next: contents })
  const why = isOther ? 'login.other-account' : whyNotTheSame(withPerson(former.facts, login.person), facts)
  // The former tokens may be as good as ever: only the file in this one home has changed hands.
  if (why) return fail(tx, { run, login, code: why, isBroken: false })
  return keep(tx, { run, login, contents, facts })
}

type Keeping = { run: Run; login: LoginRow; contents: string; facts: LoginFacts }

async function keep(tx: PoolClient, { run, login, contents, facts }: Keeping): Promise<{ reply: Reply; login: LoginRow }> {
  const { id, loginRevision } = login
  // The row is held since it was read, so this finds what it expects.
  await swapLogin(tx, { id, loginRevision, sealed: sealSecret(login, contents), facts, isProven: false })
  await updateGivenRevision(tx, { runId: run.runId, loginRevision: loginRevision + 1 })
  await record(tx, entryOf('login.synced', { asker: run, login }))
  return { reply: { is: 'kept' }, login }
}

type Failing = { run: Run; login: LoginRow; code: FailureCode; isBroken: boolean }

async function fail(tx: PoolClient, { run, login, code, isBroken }: Failing): Promise<{ reply: Reply; login: LoginRow | null }> {
  // Said before.
  if (isBroken && login.brokenCode === code) return { reply: refused(code), login: null }
  const { id, loginRevision } = login
  await updateFailing(tx, { id, loginRevision, code, verdict: null, isBroken })
  await record(tx, entryOf('login.refused', { asker: run, login, code }))
  return { reply: refused(code), login }
}
