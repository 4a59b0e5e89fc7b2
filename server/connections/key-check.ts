/**
 * Asks a provider whether a key is good, with one request that costs nothing. It goes where the proxy would send a
 * run's requests: the endpoint that the resolver chooses, through the same guard, with the same header; it follows no
 * redirect. From: `validation.ts`.
 */
import { Agent, request } from 'undici'
import { DomainError, type FailureCode } from '#core/errors.ts'
import type { Verdict } from '#core/connections/verdict.ts'
import type { AuthHeader } from '#core/providers/dialects.ts'
import { refusesKey } from '#core/providers/refused-key.ts'
import { configuredGuard, guardedConnector, type Guard } from '#server/proxy/upstream-guard.ts'

export type KeyCheck = {
  url: string
  authHeader: AuthHeader
  key: string
}

/** `code` is what a person reads where the verdict is no good news. */
export type Answer = { verdict: Verdict; code: FailureCode | null }

const TIMEOUT_MS = 8_000
const MAX_BYTES = 64 * 1024

const authOf: Readonly<Record<AuthHeader, (key: string) => Record<string, string>>> = {
  'x-api-key': (key) => ({ 'x-api-key': key, 'anthropic-version': '2023-06-01' }),
  'authorization-bearer': (key) => ({ authorization: `Bearer ${key}` }),
  'x-goog-api-key': (key) => ({ 'x-goog-api-key': key }),
}

type Patience = { guard: Guard; timeoutMs: number }

/** Never rejects, and never waits for longer: whatever happens on the way is an answer. `patience` is for tests. */
export async function checkKey(check: KeyCheck, patience?: Patience): Promise<Answer> {
  const { guard, timeoutMs } = patience ?? { guard: configuredGuard(), timeoutMs: TIMEOUT_MS }
  const dispatcher = new Agent({ connect: guardedConnector(guard), allowH2: false })
  let timer: NodeJS.Timeout | undefined
  // undici hears of no signal while it connects, and a name may take long to be found.
  const late = new Promise<Answer>((resolve) => {
    timer = setTimeout(() => resolve({ verdict: 'unreachable', code: 'provider.unreachable' }), timeoutMs)
  })
  try {
    return await Promise.race([ask(check, dispatcher), late])
  } finally {
    clearTimeout(timer)
    dispatcher.destroy().catch(() => {})
  }
}

async function ask({ url, authHeader, key }: KeyCheck, dispatcher: Agent): Promise<Answer> {
  try {
    const { statusCode, body } = await request(url, {
      dispatcher,
      headers: { accept: 'application/json', ...authOf[authHeader](key) },
    })
    const read = await firstBytes(body)
    return answerOf(statusCode, { text: read.text, isJson: isJson(read) })
  } catch (error) {
    // A name that nobody knows is a provider out of reach; only an address that was found can be unsafe.
    const isUnsafe = error instanceof DomainError && error.facts['reason'] !== 'host-not-found'
    return { verdict: 'unreachable', code: isUnsafe ? 'upstream.unsafe' : 'provider.unreachable' }
  }
}

type Text = { text: string; isWhole: boolean }

async function firstBytes(body: AsyncIterable<Buffer>): Promise<Text> {
  const kept: Buffer[] = []
  let bytes = 0
  let isWhole = true
  try {
    for await (const chunk of body) {
      kept.push(chunk)
      bytes += chunk.length
      if (bytes < MAX_BYTES) continue
      isWhole = false
      break
    }
  } catch {
    // The status has said most of it already.
    isWhole = false
  }
  return { text: Buffer.concat(kept).toString('utf8'), isWhole }
}

/**
 * In step with the proxy (`metered-exchange.ts`): a firewall's page with a 403 says nothing about the key, nor does one
 * with a 200, and where a redirect leads is no matter of the key's.
 */
function answerOf(status: number, body: { text: string; isJson: boolean }): Answer {
  if (status >= 200 && status < 300)
    return body.isJson ? { verdict: 'accepted', code: null } : { verdict: 'unreachable', code: 'provider.garbled' }
  if (refusesKey(status, body)) return { verdict: 'refused', code: 'provider.refused-key' }
  if (status === 402 || status === 429) return { verdict: 'out-of-quota', code: 'provider.out-of-quota' }
  if (status < 400 || status >= 500) return { verdict: 'unreachable', code: 'provider.failed' }
  return { verdict: 'unverified', code: null }
}

/** A list of models may be longer than what is read of it: of that, the beginning counts. */
function isJson({ text, isWhole }: Text): boolean {
  if (!/^\s*[{[]/.test(text)) return false
  if (!isWhole) return true
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
