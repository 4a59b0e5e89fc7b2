/**
 * `POST /ai/login/<format>/token`: where a program refreshes a login of which it holds everything but the refresh
 * token. A plain Node handler, mounted ahead of Next (`server/http.ts`) or beside the proxy in a process of its own.
 * It speaks the vendor's words, since the program knows no others: what is final is a 401 with a code that makes it
 * stop, what may be tried again is a 503. Nothing of a body is logged.
 * From: `agent/sandbox/gateway.ts`. Next: `refresh.ts`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FailureCode } from '#core/errors.ts'
import { LOGIN_TOKEN_MAX_BYTES } from '#core/links/login-routes.ts'
import { passUnread, readBounded } from '#server/bounded-body.ts'
import { isBrokered } from '#server/logins/brokers.ts'
import { refreshForRun, type Brokered, type BrokerOptions } from '#server/logins/refresh.ts'
import { createLoginUpstream } from '#server/logins/upstream.ts'
import { log } from '#server/log.ts'

const PATH = /^\/ai\/login\/([a-z0-9-]{1,50})\/token$/
/** 32 bytes in base64url are 43 characters: anything else is refused before a database is asked. */
const SENTINEL = /^wsr_[A-Za-z0-9_-]{43}$/
const BODY_TIMEOUT_MS = 10_000

export type LoginHandler = ((req: IncomingMessage, res: ServerResponse) => void) & { close(): Promise<void> }

export function createLoginHandler(given: Partial<BrokerOptions> = {}): LoginHandler {
  const upstream = given.upstream ?? createLoginUpstream()
  const options: BrokerOptions = { ...given, upstream }

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const format = PATH.exec((req.url ?? '').split('?', 1)[0]!)?.[1]
    if (format === undefined || !isBrokered(format)) return say(res, 404, { error: 'not_found' })
    if (req.method !== 'POST') return say(res, 405, { error: 'invalid_request' })
    const body = await readBounded(req, { maxBytes: LOGIN_TOKEN_MAX_BYTES, timeoutMs: BODY_TIMEOUT_MS })
    if (body.is !== 'read') {
      passUnread(req)
      return say(res, body.is === 'too-large' ? 413 : 408, { error: 'invalid_request' })
    }
    const isForm = (req.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')
    const { grantType, refreshToken } = readGrant({ text: body.bytes.toString('utf8'), isForm })
    if (grantType !== 'refresh_token') return say(res, 400, { error: 'unsupported_grant_type' })
    if (!SENTINEL.test(refreshToken)) return say(res, 401, refusal('credential.missing'))
    await answer(res, refreshToken, await refreshForRun({ format, sentinel: refreshToken }, options))
  }

  const handle = (req: IncomingMessage, res: ServerResponse): void => {
    serve(req, res).catch((error: unknown) => {
      if (req.destroyed && !req.complete) return
      log.error({ err: error }, 'A login could not be refreshed')
      say(res, 503, unavailable)
    })
  }
  return Object.assign(handle, { close: () => upstream.close() })
}

async function answer(res: ServerResponse, sentinel: string, brokered: Brokered): Promise<void> {
  switch (brokered.is) {
    case 'refused':
      return say(res, 401, refusal(brokered.code))
    case 'unavailable':
      return say(res, 503, unavailable)
    case 'tokens': {
      const { accessToken, idToken, expiresAt, delivered } = brokered
      const secondsLeft = expiresAt === null ? null : Math.max(0, Math.floor((Date.parse(expiresAt) - Date.now()) / 1000))
      say(res, 200, {
        access_token: accessToken,
        ...(idToken !== null && { id_token: idToken }),
        refresh_token: sentinel,
        token_type: 'Bearer',
        ...(secondsLeft !== null && { expires_in: secondsLeft }),
      })
      if (await isSent(res)) await delivered()
    }
  }
}

const unavailable = {
  error: { code: 'temporarily_unavailable', type: 'server_error', message: 'Gatehouse could not refresh this login just now.' },
}

const sentences: Partial<Record<FailureCode, readonly [code: string, message: string]>> = {
  'login.elsewhere': ['refresh_token_reused', 'This login was renewed elsewhere. Sign in again in Gatehouse.'],
  'login.expired': ['refresh_token_expired', 'This login has expired. Sign in again in Gatehouse.'],
  'login.other-account': [
    'refresh_token_invalidated',
    'This login turned into one of another account. Replace the connection in Gatehouse.',
  ],
  'login.wider-scope': ['refresh_token_invalidated', 'This login may do more than the one that was connected. Replace it in Gatehouse.'],
}

/** One answer for whatever ended the run's right to the login: it tells nothing of what exists. */
function refusal(code: FailureCode): Record<string, unknown> {
  const [word, message] = sentences[code] ?? ['refresh_token_invalidated', 'This run may not use this login any more.']
  return { error: { code: word, type: 'invalid_request_error', param: null, message } }
}

function say(res: ServerResponse, status: number, body: Record<string, unknown>): void {
  if (res.headersSent || res.destroyed) return
  const bytes = Buffer.from(JSON.stringify(body))
  res.writeHead(status, {
    'content-type': 'application/json',
    'content-length': bytes.length,
    'cache-control': 'no-store',
    pragma: 'no-cache',
  })
  res.end(bytes)
}

/** Whether all of the answer has left us: a program that has gone asks again, and is told again. */
const isSent = (res: ServerResponse): Promise<boolean> =>
  new Promise((resolve) => {
    if (res.writableFinished || res.destroyed) return resolve(res.writableFinished)
    res.once('finish', () => resolve(true)).once('close', () => resolve(res.writableFinished))
  })

/** JSON as Codex sends it, or the form that OAuth speaks of. */
function readGrant({ text, isForm }: { text: string; isForm: boolean }): { grantType: string; refreshToken: string } {
  const read = isForm ? formReader(text) : jsonReader(text)
  return { grantType: read('grant_type'), refreshToken: read('refresh_token') }
}

function formReader(text: string): (name: string) => string {
  const form = new URLSearchParams(text)
  return (name) => form.get(name) ?? ''
}

function jsonReader(text: string): (name: string) => string {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return () => ''
  }
  return (name) => {
    const value = parsed !== null && typeof parsed === 'object' ? (parsed as Record<string, unknown>)[name] : undefined
    return typeof value === 'string' ? value : ''
  }
}
