/**
 * The broker: a run shows its sentinel and gets the next access token; the refresh token that buys it never leaves the
 * server. One lock for each login, over all processes; under it the newest tokens are answered from the vault where
 * that will do, and otherwise one request to the vendor is made, judged, sealed and committed before anybody hears of
 * it. Refresh tokens are single-use: what the vendor answered and we did not store would be lost for good.
 * From: `handler.ts`, and `check.ts` for a login that is tried out. Next: `upstream.ts`, `store.ts`.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { accessOf, readLogin, refreshTokenOf, whyNotTheSame, withTokens, type LoginFacts } from '#core/connections/login-facts.ts'
import { isFailureCode, type FailureCode } from '#core/errors.ts'
import type { PoolClient } from '#server/db/client.ts'
import { RateLimiter } from '#server/access/rate-limit.ts'
import { openSecret, sealSecret } from '#server/connections/resolver.ts'
import { pool } from '#server/db/client.ts'
import { hashToken } from '#server/db/mint.ts'
import { brokerOf } from '#server/logins/brokers.ts'
import { failPoint } from '#server/logins/fail-point.ts'
import { inLine } from '#server/logins/line.ts'
import {
  findLogin,
  findRunOfSentinel,
  swapLogin,
  underLock,
  updateGivenRevision,
  type LoginRow,
  type LoginRun,
  type NextLogin,
} from '#server/logins/store.ts'
import { tellFailing, tellRefreshed, tellRun, type Asker } from '#server/logins/tell.ts'
import type { LoginUpstream, TokenEndpoint } from '#server/logins/upstream.ts'
import { log } from '#server/log.ts'

export type Brokered =
  | {
      is: 'tokens'
      accessToken: string
      idToken: string | null
      expiresAt: string | null
      /** Called once the answer is out: only then the run counts as having it. */
      delivered: () => Promise<void>
      loginRevision: number
    }
  /** Asking again is of no use to this run: its right to the login is over, or the login is. */
  | { is: 'refused'; code: FailureCode }
  | { is: 'unavailable' }

export type BrokerOptions = { upstream: LoginUpstream; endpointOf?: (format: string) => TokenEndpoint | null }

const gone: Brokered = { is: 'refused', code: 'credential.missing' }

/** A program asks when its token is about to end. One that asks all the time is not let through to the vendor. */
const ASKS_PER_MINUTE = 20
const asks = new RateLimiter()

/** A vendor that did not answer is left alone for so long, or each of those in line would wait for it anew. */
const REST_MS = 3_000
const resting = new Map<string, number>()

export async function refreshForRun(
  asked: { format: string; sentinel: string },
  { upstream, endpointOf }: BrokerOptions,
): Promise<Brokered> {
  const sentinelHash = hashToken(asked.sentinel)
  const run = await findRunOfSentinel(sentinelHash)
  const broker = run && brokerOf(run.harness, asked.format)
  if (!run || !broker) return gone
  if (!run.isLeased || !asks.allow(run.runId, { perMinute: ASKS_PER_MINUTE, nowMs: performance.now() })) return { is: 'unavailable' }
  const brokered = await inTurn({ asker: run, upstream, endpoint: endpointOf?.(asked.format) ?? broker })
  // Much may have ended while it stood in line and the vendor thought. What the vendor answered is stored either way.
  return brokered.is === 'tokens' && !(await findRunOfSentinel(sentinelHash)) ? gone : brokered
}

/**
 * For whoever tries a login out and whose tokens of `loginRevision` its vendor did not take: the next ones, or those that
 * somebody else has got meanwhile.
 */
export async function refreshForCheck(
  { format, ...login }: Pick<LoginRun, 'harness' | 'credentialId' | 'credentialVersion' | 'loginRevision'> & { format: string },
  upstream: LoginUpstream,
): Promise<Brokered> {
  const endpoint = brokerOf(login.harness, format)
  if (!endpoint) return gone
  if (!asks.allow(login.credentialId, { perMinute: ASKS_PER_MINUTE, nowMs: performance.now() })) return { is: 'unavailable' }
  return inTurn({ asker: { ...login, runId: null, chatId: null }, upstream, endpoint })
}

type Serving = { asker: Asker; upstream: LoginUpstream; endpoint: TokenEndpoint }

const inTurn = ({ asker, ...serving }: Serving): Promise<Brokered> =>
  inLine<Brokered>(asker.credentialId, async () => {
    if ((resting.get(asker.credentialId) ?? 0) > performance.now()) return { is: 'unavailable' }
    resting.delete(asker.credentialId)
    return underLock(asker.credentialId, (db) => serve(db, { asker, ...serving }))
  })

async function serve(db: PoolClient, { asker, upstream, endpoint }: Serving): Promise<Brokered> {
  const login = await findLogin(db, asker.credentialId)
  if (login?.version !== asker.credentialVersion) return gone
  // A check may have met a refusal that is over by now.
  if (isFailureCode(login.brokenCode) && login.brokenCode.startsWith('login.') && login.brokenCode !== 'login.refused') {
    await tellRun(asker, login, login.brokenCode)
    return { is: 'refused', code: login.brokenCode }
  }
  const opened = openSecret(login)
  if (opened.is === 'unreadable') return { is: 'refused', code: 'connection.unreadable' }
  const former = readLogin(login.format, opened.text)
  if (former.is !== 'login') return refuse(db, { asker, login, code: 'login.lost' })
  const isBehind = asker.loginRevision < login.loginRevision
  // A check asks because these very tokens were not taken, however young they are.
  const mayDo = isBehind || asker.runId !== null
  if (mayDo && isEnough({ facts: former.facts, isBehind, nowMs: Date.now() }))
    return answer(asker, login.loginRevision, { contents: opened.text, facts: former.facts })

  const refreshToken = refreshTokenOf(login.format, opened.text)
  if (refreshToken === null) return refuse(db, { asker, login, code: 'login.expired' })
  const refreshed = await upstream.refresh(endpoint, refreshToken)
  if (refreshed.is === 'unavailable') {
    resting.set(asker.credentialId, performance.now() + REST_MS)
    return refreshed
  }
  if (refreshed.is === 'refused') return refuse(db, { asker, login, code: refreshed.code })

  // From the vendor's answer to the commit the new refresh token is on the wire or in this process alone, and the vendor
  // has forgotten the former one. A process that is killed in between loses the login: it reads "signed in elsewhere" at
  // its next refresh, and its owner signs in again. No order of steps avoids that, so nothing stands in between but
  // judging and sealing, in memory, and one statement that is durable when it returns. A database that is away is
  // waited for.
  failPoint('login.answered')
  const contents = withTokens(login.format, opened.text, refreshed.tokens, new Date().toISOString())
  const next = readLogin(login.format, contents)
  if (next.is !== 'login') return { is: 'unavailable' }
  const why = whyNotTheSame(former.facts, { ...next.facts, scopes: [...next.facts.scopes, ...refreshed.scopes] })
  if (why) return refuse(db, { asker, login, code: why })
  const { id, loginRevision } = login
  // Also for a login that was taken away meanwhile: who brings it back finds the tokens that its vendor knows.
  const isKept = await keep(db, { id, loginRevision, sealed: sealSecret(login, contents), facts: next.facts, isProven: true })
  failPoint('login.committed')
  if (!isKept) return gone
  await tellRefreshed(asker, login)
  return answer(asker, loginRevision + 1, { contents, facts: next.facts })
}

/** An access token that ends sooner is no answer, also for a run that was given an older one. */
const MIN_LEFT_MS = 30_000
/** Programs ask from five minutes before the end on. */
const ASKED_BEFORE_MS = 360_000
/** Tokens so young were not refused by their vendor: whoever asks again did not hear the answer, or asks too often. */
const YOUNG_MS = 120_000

/**
 * Whether the stored tokens answer the question. A run that was given older ones gets them; one that was given these
 * very ones asks because the vendor does not take them any more, or soon.
 */
export function isEnough({ facts, isBehind, nowMs }: { facts: LoginFacts; isBehind: boolean; nowMs: number }): boolean {
  const leftMs = facts.expiresAt === null ? null : Date.parse(facts.expiresAt) - nowMs
  if (isBehind) return leftMs === null || leftMs >= MIN_LEFT_MS
  const isYoung = facts.refreshedAt !== null && Math.abs(nowMs - Date.parse(facts.refreshedAt)) < YOUNG_MS
  return isYoung && leftMs !== null && leftMs >= ASKED_BEFORE_MS
}

function answer({ runId }: Asker, loginRevision: number, { contents, facts }: { contents: string; facts: LoginFacts }): Brokered {
  const access = accessOf(contents)
  if (!access) return { is: 'unavailable' }
  return {
    is: 'tokens',
    ...access,
    expiresAt: facts.expiresAt,
    loginRevision,
    delivered: async () => {
      if (runId !== null) await updateGivenRevision(pool(), { runId, loginRevision })
    },
  }
}

async function refuse(db: PoolClient, failing: { asker: Asker; login: LoginRow; code: FailureCode }): Promise<Brokered> {
  await tellFailing(db, failing)
  return { is: 'refused', code: failing.code }
}

/** A minute, in which a database restarts. */
const KEEP_TRIES = 120
const KEEP_AFTER_MS = 500

/** Holds on to the new tokens until the database has them. */
async function keep(db: PoolClient, next: NextLogin): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    try {
      return (await swapLogin(tries === 1 ? db : pool(), next)) || (tries > 1 && (await isStored(next)))
    } catch (error) {
      if (tries === KEEP_TRIES) throw error
      if (tries === 1) log.warn({ err: error }, 'A refreshed login could not be stored yet; trying again')
      await delay(KEEP_AFTER_MS)
    }
  }
}

/** The try before may have succeeded without a word: under the lock nobody else takes this step. */
async function isStored({ id, loginRevision }: NextLogin): Promise<boolean> {
  return (await findLogin(pool(), id))?.loginRevision === loginRevision + 1
}
