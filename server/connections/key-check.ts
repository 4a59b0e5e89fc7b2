/**
 * Asks a provider whether a key is good, with one request that costs nothing. It goes
 * through the same guard as the proxy's, follows no redirect, and reads nothing of the
 * answer but its status.
 */
import { Agent, request } from 'undici'
import { DomainError, type FailureCode } from '#core/errors.ts'
import type { AuthHeader } from '#core/providers/dialects.ts'
import { configuredGuard, guardedConnector } from '#server/proxy/upstream-guard.ts'

export type KeyCheck = {
  url: string
  authHeader: AuthHeader
  key: string
}

/** `unverified`: it answered, and neither took nor refused the key (a server of one's own need not list models). */
export type KeyVerdict = { is: 'working' } | { is: 'unverified'; status: number } | { is: 'refused'; code: FailureCode }

const TIMEOUT_MS = 10_000

const authOf: Readonly<Record<AuthHeader, (key: string) => Record<string, string>>> = {
  'x-api-key': (key) => ({ 'x-api-key': key, 'anthropic-version': '2023-06-01' }),
  'authorization-bearer': (key) => ({ authorization: `Bearer ${key}` }),
  'x-goog-api-key': (key) => ({ 'x-goog-api-key': key }),
}

export async function checkKey({ url, authHeader, key }: KeyCheck): Promise<KeyVerdict> {
  const dispatcher = new Agent({ connect: guardedConnector(configuredGuard()), allowH2: false })
  try {
    const { statusCode, body } = await request(url, {
      dispatcher,
      headers: { accept: 'application/json', ...authOf[authHeader](key) },
      headersTimeout: TIMEOUT_MS,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    await body.dump({ limit: 64 * 1024 }).catch(() => {})
    return judge(statusCode)
  } catch (error) {
    return { is: 'refused', code: error instanceof DomainError ? error.code : 'provider.unreachable' }
  } finally {
    await dispatcher.destroy()
  }
}

function judge(status: number): KeyVerdict {
  if (status >= 200 && status < 300) return { is: 'working' }
  if (status === 401 || status === 403) return { is: 'refused', code: 'provider.refused-key' }
  if (status === 402 || status === 429) return { is: 'refused', code: 'provider.out-of-quota' }
  if (status >= 500) return { is: 'refused', code: 'provider.failed' }
  return { is: 'unverified', status }
}
