/**
 * Whether its vendor takes a login: asked with the access token in it, which spends nothing. Where the vendor does not
 * take that one, the broker gets the next for a login that it renews, once and under its lock; one that its program
 * renews is left alone, since whoever renews it behind the program's back signs it out.
 * From: `server/connections/validation.ts`. Next: `upstream.ts`, `refresh.ts`.
 */
import type { Credential } from '#core/connections/connection.ts'
import { accessTokenOf, isExpired, type LoginFacts } from '#core/connections/login-facts.ts'
import type { Answer } from '#core/connections/verdict.ts'
import { acceptance, type Harness, type LoginCheck } from '#core/harnesses/harness.ts'
import { pool } from '#server/db/client.ts'
import { brokerOf, checkOf, isRenewedByProgram } from '#server/logins/brokers.ts'
import { refreshForCheck } from '#server/logins/refresh.ts'
import { findHolder } from '#server/logins/store.ts'
import { verdicts } from '#server/logins/tell.ts'
import { createLoginUpstream, type Heard, type LoginUpstream } from '#server/logins/upstream.ts'
import { log } from '#server/log.ts'

export type CheckableLogin = Pick<Credential, 'kind' | 'format' | 'issuer'> & { material: string; facts: LoginFacts | null }

type Stored = { credentialId: string; version: number; loginRevision: number }

/** `loginRevision`: of the tokens that the answer is about. */
export type CheckedLogin = { answer: Answer; loginRevision: number }

/** One that is not stored yet, so that nobody can renew it. */
export async function checkNewLogin(harness: Harness, login: CheckableLogin): Promise<Answer> {
  const upstream = createLoginUpstream()
  try {
    const said = await ask(harness, login, upstream)
    return said.is === 'answer' ? said.answer : looksWhole
  } finally {
    await upstream.close()
  }
}

/** Whatever the vendor does is an answer. */
export async function checkStoredLogin(harness: Harness, login: CheckableLogin, stored: Stored): Promise<CheckedLogin> {
  const upstream = createLoginUpstream()
  try {
    const said = await ask(harness, login, upstream)
    if (said.is === 'answer')
      return { answer: await ofTheNewest(said.answer, { harness, login, stored }), loginRevision: stored.loginRevision }
    return await askRenewed({ stored, harness: harness.id, format: login.format ?? '', askNext: said.askNext, upstream })
  } finally {
    await upstream.close()
  }
}

const refused: Answer = { verdict: 'refused', code: 'login.refused' }
const looksWhole: Answer = { verdict: 'looks-whole', code: null }
const unreachable: Answer = { verdict: 'unreachable', code: 'provider.unreachable' }

type Said =
  | { is: 'answer'; answer: Answer }
  /** This access token is not taken; the broker gets another. */
  | { is: 'renewable'; askNext: (accessToken: string) => Promise<Answer> }

async function ask(harness: Harness, { kind, format, issuer, material, facts }: CheckableLogin, upstream: LoginUpstream): Promise<Said> {
  const answer = (given: Answer): Said => ({ is: 'answer', answer: given })
  if (facts && isExpired(facts, Date.now())) return answer({ verdict: 'expired', code: 'login.expired' })
  const check = kind === 'auth-file' ? checkOf(harness.id, format ?? '') : tokenCheckOf(harness, issuer)
  const accessToken = kind === 'auth-file' ? accessTokenOf(format ?? '', material) : material
  if (!check || accessToken === null) return answer(looksWhole)

  const account = facts?.account ?? null
  const question = { url: check.url, headers: check.headers(account) }
  const hear = async (token: string) => judge(check, await upstream.ask(question, token), account)
  const heard = await hear(accessToken)
  if (heard !== 'not-this-token') return answer(heard)
  if (!facts?.canRefresh) return answer(refused)
  if (brokerOf(harness.id, format ?? '') === null) return answer(renewedByProgram(facts))
  return {
    is: 'renewable',
    askNext: async (next) => {
      const said = await hear(next)
      return said === 'not-this-token' ? refused : said
    },
  }
}

type Renewing = {
  stored: Stored
  harness: string
  format: string
  askNext: (accessToken: string) => Promise<Answer>
  upstream: LoginUpstream
}

async function askRenewed({ stored, harness, format, askNext, upstream }: Renewing): Promise<CheckedLogin> {
  const { credentialId, version: credentialVersion, loginRevision } = stored
  const asker = { harness, format, credentialId, credentialVersion, loginRevision }
  const brokered = await refreshForCheck(asker, upstream).catch((error: unknown) => {
    log.warn({ err: error }, 'A login could not be refreshed for a check')
    return { is: 'unavailable' } as const
  })
  switch (brokered.is) {
    case 'unavailable':
      return { answer: unreachable, loginRevision }
    case 'refused':
      // Any other word is about a row that has changed hands meanwhile, and not about the login.
      if (!brokered.code.startsWith('login.')) return { answer: unreachable, loginRevision }
      return { answer: { verdict: verdicts[brokered.code] ?? 'refused', code: brokered.code }, loginRevision }
    case 'tokens':
      return { answer: await askNext(brokered.accessToken), loginRevision: brokered.loginRevision }
  }
}

/** What a run may have made of the login by now is better than what the vault holds: only what came back can be refused. */
async function ofTheNewest(
  answer: Answer,
  { harness, login, stored }: { harness: Harness; login: CheckableLogin; stored: Stored },
): Promise<Answer> {
  if (answer !== refused || !isRenewedByProgram(harness.id, login.format ?? '')) return answer
  const holder = await findHolder(pool(), { credentialId: stored.credentialId, chatId: null })
  return holder ? { verdict: 'unverified', code: null } : answer
}

const tokenCheckOf = (harness: Harness, issuer: string | null): LoginCheck | null =>
  acceptance(harness, 'oauth-token').find((each) => each.issuer === issuer)?.check ?? null

/** No word against the login: its next run gets the next token, so nothing may keep that run from starting. */
const renewedByProgram = ({ expiresAt }: LoginFacts): Answer => ({
  verdict: expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'unverified',
  code: null,
})

/** Vendors say it with several statuses, so the words count. */
const FINAL = /revoked|deactivated|disabled|suspended/i
const FINAL_STATUSES = [400, 401, 402, 403]

/** In step with the check of a key (`server/connections/key-check.ts`): a page in between says nothing of the login. */
function judge(check: LoginCheck, heard: Heard, account: string | null): Answer | 'not-this-token' {
  if (heard.is === 'unavailable') return unreachable
  const { status, text, json } = heard
  if (status >= 200 && status < 300) {
    if (json === undefined) return { verdict: 'unreachable', code: 'provider.garbled' }
    return check.isClosed?.(json, account) ? refused : { verdict: 'accepted', code: null }
  }
  if (status === 403 && check.takenIn403?.test(text)) return { verdict: 'accepted', code: null }
  if (FINAL_STATUSES.includes(status) && json !== undefined && FINAL.test(text)) return refused
  if (status === 401) return 'not-this-token'
  if (status === 402 || status === 429) return { verdict: 'out-of-quota', code: 'provider.out-of-quota' }
  if (status < 400 || status >= 500) return { verdict: 'unreachable', code: 'provider.failed' }
  return { verdict: 'unverified', code: null }
}
