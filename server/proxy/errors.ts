/**
 * Failures in the caller's own dialect, so that a harness shows our words to people
 * instead of "unexpected response". Which status decides what a harness does: 5xx and
 * 429 are tried again for up to a minute, and Claude Code even tries 401 again unless
 * `x-should-retry` says no. So what cannot get better by itself says no.
 */
import type { ServerResponse } from 'node:http'
import type { Dialect } from '#core/providers/dialects.ts'

export type ProxyError = {
  status: number
  message: string
  dialect: Dialect | null
  /** The word in `type` or `code` by which a log can be searched; a failure code where there is one. */
  code: string
  mayRetry?: boolean
  /** Of what heals by itself: after how many seconds to come again. */
  retryAfterSeconds?: number
}

const anthropicTypes: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
}

const typeOf = (status: number) => anthropicTypes[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error')

/** Google's canonical words for a status. */
const googleStatuses: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  426: 'FAILED_PRECONDITION',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
}
const googleStatusOf = (status: number) => googleStatuses[status] ?? (status < 500 ? 'INVALID_ARGUMENT' : 'UNAVAILABLE')

type Words = Omit<ProxyError, 'mayRetry' | 'retryAfterSeconds'>

export function errorBody({ status, message, dialect, code }: Words): Record<string, unknown> {
  switch (dialect) {
    case 'anthropic-messages':
      return { type: 'error', error: { type: typeOf(status), message } }
    case 'gemini-generate':
      return {
        error: {
          code: status,
          message,
          status: googleStatusOf(status),
          details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: code, domain: 'gatehouse' }],
        },
      }
    default:
      return { error: { message, type: typeOf(status), param: null, code } }
  }
}

/** Says it as the whole answer; nothing may have been sent yet. */
export function sendError(res: ServerResponse, error: ProxyError): void {
  if (res.headersSent || res.destroyed) return
  const body = Buffer.from(JSON.stringify(errorBody(error)))
  res.writeHead(error.status, [
    'content-type',
    'application/json',
    'content-length',
    String(body.length),
    'cache-control',
    'no-store',
    ...(error.mayRetry ? [] : ['x-should-retry', 'false']),
    ...(error.retryAfterSeconds === undefined ? [] : ['retry-after', String(error.retryAfterSeconds)]),
  ])
  res.end(body)
}

/** Says it in the middle of a stream, as the dialect's own last event. */
export function errorFrame(error: Words): string {
  // The stream may have broken off inside a frame: two line feeds end whatever it was.
  switch (error.dialect) {
    case 'anthropic-messages':
      return `\n\nevent: error\ndata: ${JSON.stringify(errorBody(error))}\n\n`
    case 'openai-responses':
      return `\n\nevent: error\ndata: ${JSON.stringify({ type: 'error', code: error.code, message: error.message, param: null })}\n\n`
    default:
      return `\n\ndata: ${JSON.stringify(errorBody(error))}\n\n`
  }
}
