/**
 * One question to a provider that costs nothing (is this key good, what do you serve), on the path of every other
 * request: the same guard, the same header for the key, no redirect. Bounded in size and time.
 * For `server/connections/key-check.ts` and `server/models/listing.ts`.
 */
import { Agent, request } from 'undici'
import { DomainError } from '#core/errors.ts'
import type { AuthHeader } from '#core/providers/dialects.ts'
import { guardedConnector, type Guard } from '#server/proxy/upstream-guard.ts'

export type Question = { url: string; authHeader: AuthHeader; key: string }

export type Got =
  /** `isWhole` is false when the body was longer than what is read of it, or broke off. */
  | { is: 'answered'; status: number; text: string; isWhole: boolean }
  /** At an address that we do not call. */
  | { is: 'unsafe' }
  | { is: 'unreachable' }

export type Patience = { guard: Guard; timeoutMs: number }

const authOf: Readonly<Record<AuthHeader, (key: string) => Record<string, string>>> = {
  'x-api-key': (key) => ({ 'x-api-key': key, 'anthropic-version': '2023-06-01' }),
  'authorization-bearer': (key) => ({ authorization: `Bearer ${key}` }),
  'x-goog-api-key': (key) => ({ 'x-goog-api-key': key }),
}

/** Never rejects, and never waits for longer: whatever happens on the way is an answer. */
export async function guardedGet(question: Question, { guard, timeoutMs, maxBytes }: Patience & { maxBytes: number }): Promise<Got> {
  const dispatcher = new Agent({ connect: guardedConnector(guard), allowH2: false })
  let timer: NodeJS.Timeout | undefined
  // undici hears of no signal while it connects, and a name may take long to be found.
  const late = new Promise<Got>((resolve) => {
    timer = setTimeout(() => resolve({ is: 'unreachable' }), timeoutMs)
  })
  try {
    return await Promise.race([ask(question, dispatcher, maxBytes), late])
  } finally {
    clearTimeout(timer)
    dispatcher.destroy().catch(() => {})
  }
}

async function ask({ url, authHeader, key }: Question, dispatcher: Agent, maxBytes: number): Promise<Got> {
  try {
    const { statusCode, body } = await request(url, {
      dispatcher,
      headers: { accept: 'application/json', ...authOf[authHeader](key) },
    })
    return { is: 'answered', status: statusCode, ...(await firstBytes(body, maxBytes)) }
  } catch (error) {
    // A name that nobody knows is a provider out of reach; only an address that was found can be unsafe.
    const isUnsafe = error instanceof DomainError && error.facts['reason'] !== 'host-not-found'
    return { is: isUnsafe ? 'unsafe' : 'unreachable' }
  }
}

async function firstBytes(body: AsyncIterable<Buffer>, maxBytes: number): Promise<{ text: string; isWhole: boolean }> {
  const kept: Buffer[] = []
  let bytes = 0
  let isWhole = true
  try {
    for await (const chunk of body) {
      kept.push(chunk)
      bytes += chunk.length
      if (bytes < maxBytes) continue
      isWhole = false
      break
    }
  } catch {
    // The status has said most of it already.
    isWhole = false
  }
  return { text: Buffer.concat(kept).toString('utf8'), isWhole }
}
