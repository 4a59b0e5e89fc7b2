/**
 * An answer that is no success, or nothing that its dialect knows, was kept instead of passed on: what it means, for the
 * agent, for the record and for the credential. It may echo the key, so nothing leaves here that was not redacted. Pure.
 * From: `metered-exchange.ts`.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { FailureCode } from '#core/errors.ts'
import { providerName } from '#core/providers/presets.ts'
import { refusesKey } from '#core/providers/refused-key.ts'
import type { Dialect } from '#core/providers/dialects.ts'
import { redact } from '#server/proxy/redact.ts'
import type { ProxiedRun } from '#server/proxy/run.ts'
import { failureOfStatus } from '#server/proxy/usage.ts'

/** An error body longer than this is nothing that a person reads. */
export const MAX_ERROR_BYTES = 64 * 1024
export const MAX_DETAIL = 2_000

export const nameOf = (run: ProxiedRun) => providerName(run.provider, run.endpoint.baseUrl)
export const refusedKey = (run: ProxiedRun) =>
  `${nameOf(run)} refused the key of this connection. Replace it in Gatehouse under Connections.`

export type Refusal = { status: number; code: FailureCode; message: string; facts?: Record<string, string | number>; mayRetry?: boolean }
export type Failure = Refusal & { detail?: string }

export type KeptAnswer =
  /** In our words; `refusesKey`: the credential is no good any more. */
  | { is: 'ours'; failure: Failure; refusesKey: boolean }
  /** Passed on as it came, but for the key. */
  | { is: 'theirs'; status: number; bytes: Buffer; failure: { code: FailureCode; detail: string } }

type Kept = { status: number; body: Buffer; headers: IncomingHttpHeaders; run: ProxiedRun; dialect: Dialect }

export function readKept({ status, body, headers, run, dialect }: Kept): KeptAnswer {
  const ours = (failure: Failure, isRefusedKey = false): KeptAnswer => ({ is: 'ours', failure, refusesKey: isRefusedKey })
  const text = isPlain(headers) ? redact(body.toString('utf8'), [run.key]) : ''
  const isJson = parses(text)
  if (status >= 300 && status < 400) {
    return ours({
      status: 502,
      code: 'provider.failed',
      message: `${nameOf(run)} answered with a redirect, which Gatehouse does not follow.`,
    })
  }
  if (status < 300) {
    const message = notOfDialect(run, dialect)
    return ours({ status: 502, code: 'provider.garbled', message, detail: `${message}\n${text.slice(0, 500)}` })
  }
  const isRefusedKey = refusesKey(status, { text, isJson })
  if (status === 403 || isRefusedKey) {
    const detail = isJson ? (messageIn(text) ?? '') : `status ${status}`
    return ours({ status: 403, code: 'provider.refused-key', message: refusedKey(run), detail }, isRefusedKey)
  }
  const code = failureOfStatus(status)
  const message = messageIn(text) ?? `${nameOf(run)} answered ${status}.`
  if (!isJson) return ours({ status, code, message, detail: text.slice(0, 500), mayRetry: true })
  return { is: 'theirs', status, bytes: Buffer.from(text), failure: { code, detail: message } }
}

export const notOfDialect = (run: ProxiedRun, dialect: Dialect) => `${nameOf(run)} answered something that is not ${dialect}.`

export const isPlain = ({ 'content-encoding': encoding }: IncomingHttpHeaders): boolean =>
  encoding === undefined || /^\s*(identity)?\s*$/i.test(String(encoding))

const parses = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** The sentence in an upstream's error, wherever its dialect has it. */
function messageIn(text: string): string | null {
  try {
    const body = JSON.parse(text) as { error?: { message?: unknown } | string; message?: unknown; detail?: unknown }
    const found = typeof body.error === 'string' ? body.error : (body.error?.message ?? body.message ?? body.detail)
    return typeof found === 'string' ? found.slice(0, MAX_DETAIL) : null
  } catch {
    return null
  }
}
