/**
 * Asks a login's vendor for the next tokens, the one request that spends a refresh token, and what it says of a token. It goes
 * through the same guard as every other outbound request, follows no redirect, has an end in time and in bytes, and
 * nothing of it is logged. What the vendor says is boiled down to what can be done about it.
 * From: `refresh.ts`, `identity.ts`, `check.ts`.
 */
import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import { z } from 'zod'
import { Agent, type buildConnector } from 'undici'
import type { NewTokens } from '#core/connections/login-facts.ts'
import { env } from '#server/env.ts'
import { configuredGuard, guardedConnector, type Guard } from '#server/proxy/upstream-guard.ts'

/** Where a format's tokens are refreshed, and the client that its program is there (`core/harnesses/`). */
export type TokenEndpoint = { tokenUrl: string; clientId: string }

export type Refreshed =
  | { is: 'refreshed'; tokens: NewTokens & { accessToken: string }; scopes: string[] }
  /** The vendor will not take this refresh token, now or later. */
  | { is: 'refused'; code: 'login.elsewhere' | 'login.expired' }
  /** No answer, or none about the token: it may be tried again. */
  | { is: 'unavailable' }

/** What a vendor answered to whoever showed an access token. `json` is undefined where the answer is none. */
export type Heard = { is: 'answered'; status: number; text: string; json: unknown } | { is: 'unavailable' }

/** Where a vendor says whose an access token is, and under which names. */
type Profile = { url: string; person: readonly string[] }

type Whose = { is: 'known'; person: string } | { is: 'refused' } | { is: 'unavailable' }

export type LoginUpstream = {
  refresh(endpoint: TokenEndpoint, refreshToken: string): Promise<Refreshed>
  /** One question that costs nothing. Never rejects. */
  ask(question: { url: string; headers: Readonly<Record<string, string>> }, accessToken: string): Promise<Heard>
  whoseIs(profile: Profile, accessToken: string): Promise<Whose>
  close(): Promise<void>
}

const TIMEOUT_MS = 20_000
/** A run waits for it. */
const ASK_TIMEOUT_MS = 4_000
const MAX_BYTES = 256 * 1024
/** What a header may carry. Tokens come out of files that an agent may have written. */
const SENDABLE = /^[\x21-\x7e]{1,8192}$/

export function createLoginUpstream({ guard = configuredGuard() }: { guard?: Guard } = {}): LoginUpstream {
  const agent = new Agent({
    connect: testVendors() ?? guardedConnector(guard),
    allowH2: false,
    maxResponseSize: MAX_BYTES,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  })

  const ask: LoginUpstream['ask'] = async ({ url, headers }, accessToken) => {
    // No vendor issued such a token, and it must not look as if the vendor were away.
    if (!SENDABLE.test(accessToken)) return { is: 'answered', status: 401, text: '', json: undefined }
    const { origin, pathname: path } = new URL(url)
    try {
      const { statusCode: status, body } = await agent.request({
        origin,
        path,
        method: 'GET',
        headers: { accept: 'application/json', ...headers, authorization: `Bearer ${accessToken}` },
        signal: AbortSignal.timeout(ASK_TIMEOUT_MS),
      })
      const text = await body.text()
      return { is: 'answered', status, text, json: parseJson(text) ?? undefined }
    } catch {
      return { is: 'unavailable' }
    }
  }

  return {
    ask,
    async refresh({ tokenUrl, clientId }, refreshToken) {
      const url = new URL(tokenUrl)
      try {
        const { statusCode, body } = await agent.request({
          origin: url.origin,
          path: `${url.pathname}${url.search}`,
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'application/json' },
          body: JSON.stringify({ client_id: clientId, grant_type: 'refresh_token', refresh_token: refreshToken }),
          signal: AbortSignal.timeout(TIMEOUT_MS),
        })
        return judge(statusCode, parseJson(await body.text()))
      } catch {
        // Also when the answer broke off: whether the vendor has taken the token, its next answer says.
        return { is: 'unavailable' }
      }
    },
    async whoseIs({ url, person }, accessToken) {
      const heard = await ask({ url, headers: {} }, accessToken)
      if (heard.is === 'unavailable') return heard
      const { status, json } = heard
      // Only this is about the token: a firewall's page or an address that has moved must not cost a good login.
      if (status === 401 || (status === 403 && isRecord(json))) return { is: 'refused' }
      const name = person.reduce<unknown>((at, each) => (isRecord(at) ? at[each] : undefined), json)
      return status === 200 && typeof name === 'string' && name !== '' ? { is: 'known', person: name } : { is: 'unavailable' }
    },
    close: () => agent.destroy(),
  }
}

const Success = z.looseObject({
  access_token: z.string().min(1),
  id_token: z.string().min(1).nullish(),
  refresh_token: z.string().min(1).nullish(),
  scope: z.string().nullish(),
})
/** OAuth's `error` is a word; OpenAI's is an object with a code. */
const Failure = z.looseObject({
  error: z.union([z.string(), z.looseObject({ code: z.string().nullish(), type: z.string().nullish() })]).nullish(),
  code: z.string().nullish(),
})

const finalCodes: Readonly<Record<string, 'login.elsewhere' | 'login.expired'>> = {
  refresh_token_reused: 'login.elsewhere',
  refresh_token_invalidated: 'login.elsewhere',
  invalid_grant: 'login.elsewhere',
  refresh_token_expired: 'login.expired',
}

function judge(status: number, answer: unknown): Refreshed {
  if (status === 200) {
    const parsed = Success.safeParse(answer)
    if (!parsed.success) return { is: 'unavailable' }
    const { access_token: accessToken, id_token: idToken, refresh_token: refreshToken, scope } = parsed.data
    return {
      is: 'refreshed',
      tokens: { accessToken, idToken: idToken ?? null, refreshToken: refreshToken ?? null },
      scopes: scope?.split(' ').filter(Boolean) ?? [],
    }
  }
  const failure = Failure.safeParse(answer).data
  const error = failure?.error
  const word = (typeof error === 'string' ? error : (error?.code ?? error?.type)) ?? failure?.code ?? ''
  const code = finalCodes[word.toLowerCase()] ?? (status === 401 ? 'login.elsewhere' : null)
  return code ? { is: 'refused', code } : { is: 'unavailable' }
}

const isRecord = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object'

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/**
 * Only under GATEHOUSE_TESTING: vendors that stand on this machine, under their own names and a certificate of
 * GATEHOUSE_TEST_CA. Null leads to the real ones.
 */
function testVendors(): buildConnector.connector | null {
  const { isTesting } = env()
  const named = isTesting ? process.env['GATEHOUSE_TEST_VENDORS'] : undefined
  if (!named) return null
  const places = new Map(named.split(',').map((pair) => pair.split('=') as [string, string]))
  const ca = process.env['GATEHOUSE_TEST_CA']
  const guarded = guardedConnector(configuredGuard())
  return (options, callback) => {
    const place = places.get(`${options.hostname}:${options.port || 443}`)
    if (!place) return guarded(options, callback)
    const [host, port] = place.split(':')
    const socket = tls.connect({ host, port: Number(port), servername: options.hostname, ...(ca && { ca: readFileSync(ca) }) })
    socket.once('secureConnect', () => callback(null, socket)).once('error', (error) => callback(error, null))
  }
}
