/**
 * Asks a provider whether a key is good, with one request that costs nothing. It goes where the proxy would send a
 * run's requests: the endpoint that the resolver chooses, through the same guard, with the same header; it follows no
 * redirect. From: `validation.ts`.
 */
import type { Answer } from '#core/connections/verdict.ts'
import { refusesKey } from '#core/providers/refused-key.ts'
import { guardedGet, type Patience, type Question } from '#server/proxy/guarded-get.ts'
import { configuredGuard } from '#server/proxy/upstream-guard.ts'

const TIMEOUT_MS = 8_000
const MAX_BYTES = 64 * 1024

/** Never rejects: whatever happens on the way is an answer. `patience` is for tests. */
export async function checkKey(question: Question, patience?: Patience): Promise<Answer> {
  const got = await guardedGet(question, { ...(patience ?? { guard: configuredGuard(), timeoutMs: TIMEOUT_MS }), maxBytes: MAX_BYTES })
  switch (got.is) {
    case 'answered':
      return answerOf(got.status, { text: got.text, isJson: isJson(got) })
    case 'unsafe':
      return { verdict: 'unreachable', code: 'upstream.unsafe' }
    case 'unreachable':
      return { verdict: 'unreachable', code: 'provider.unreachable' }
  }
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
function isJson({ text, isWhole }: { text: string; isWhole: boolean }): boolean {
  if (!/^\s*[{[]/.test(text)) return false
  if (!isWhole) return true
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
