/**
 * Reads a response while it passes: what it used, whether it came to its end, whether it
 * reports a failure inside a 200. It never changes and never delays a byte.
 *
 * Lines are looked at as bytes, and parsed only when they can matter: `"usage"` with its
 * quotes cannot occur inside a JSON string, where quotes are escaped.
 * Next: `handler.ts` settles the record with the verdict; `core/models/usage.ts` evens the dialects out.
 */
import type { FailureCode } from '#core/errors.ts'
import { mergeRawUsage, readUsage, type TokenCounts } from '#core/models/usage.ts'
import type { Dialect } from '#core/providers/dialects.ts'

export type Verdict = {
  /** Null when nothing was reported. */
  tokens: TokenCounts | null
  /** The report as the provider wrote it. */
  rawUsage: unknown
  /** The dialect's own last word has come. */
  isComplete: boolean
  /** The provider says, in the body of a 200, that it failed. */
  failure: { code: FailureCode; detail: string } | null
  /** Something of the dialect was recognised at all. */
  isRecognised: boolean
}

export type Meter = { feed(chunk: Buffer): void; verdict(): Verdict }

/** More than this of one event, or of a body that is no stream, is not kept to be read. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024

/** @param isEventStream what the response's content type says, not what the request asked for */
export const meterFor = (dialect: Dialect, { isEventStream }: { isEventStream: boolean }): Meter =>
  isEventStream ? streamMeter(dialect) : bodyMeter(dialect)

type Json = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What one event of a stream, or a whole body, adds to the verdict. */
type Word = { usage?: unknown; isLast?: boolean; failure?: Verdict['failure'] }

function collector(dialect: Dialect) {
  let rawUsage: unknown = null
  const verdict: Verdict = { tokens: null, rawUsage: null, isComplete: false, failure: null, isRecognised: false }
  return {
    take(word: Word): void {
      verdict.isRecognised = true
      if (word.usage) rawUsage = mergeRawUsage(rawUsage, word.usage)
      if (word.isLast) verdict.isComplete = true
      if (word.failure) verdict.failure = word.failure
    },
    verdict: (): Verdict => ({ ...verdict, rawUsage, tokens: readUsage(dialect, rawUsage) }),
  }
}

const LINE_FEED = 10
const DATA = Buffer.from('data:')

function streamMeter(dialect: Dialect): Meter {
  const { take, verdict } = collector(dialect)
  const reader = readers[dialect]
  /** Pieces of a line whose end has not come yet, by reference. */
  let pending: Buffer[] = []
  let pendingBytes = 0
  const line = (bytes: Buffer): void => {
    if (bytes.subarray(0, DATA.length).compare(DATA) !== 0) return
    if (reader.marks.some((mark) => bytes.includes(mark))) take(reader.event(bytes.toString('utf8', DATA.length).trim()))
    else if (bytes.includes(reader.sign)) take({})
  }
  return {
    feed(chunk) {
      let from = 0
      for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
        const rest = chunk.subarray(from, at)
        if (pendingBytes <= MAX_KEPT_BYTES) line(pending.length > 0 ? Buffer.concat([...pending, rest]) : rest)
        pending = []
        pendingBytes = 0
        from = at + 1
      }
      if (from === chunk.length) return
      pendingBytes += chunk.length - from
      if (pendingBytes <= MAX_KEPT_BYTES) pending.push(chunk.subarray(from))
      else pending = []
    },
    verdict() {
      // A server may leave out the line feed behind its last event.
      if (pending.length > 0) line(Buffer.concat(pending))
      pending = []
      return verdict()
    },
  }
}

function bodyMeter(dialect: Dialect): Meter {
  const { take, verdict } = collector(dialect)
  let kept: Buffer[] = []
  let bytes = 0
  return {
    feed(chunk) {
      bytes += chunk.length
      if (bytes <= MAX_KEPT_BYTES) kept.push(chunk)
      else kept = []
    },
    verdict() {
      const body = parse(Buffer.concat(kept).toString('utf8'))
      kept = []
      if (isObject(body))
        take({ usage: body[dialect === 'gemini-generate' ? 'usageMetadata' : 'usage'], isLast: true, failure: failureIn(body['error']) })
      return verdict()
    },
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

// --- dialects ----------------------------------------------------------------------------------------------

/** `marks`: bytes without which an event cannot matter. `sign`: bytes that every event of the dialect has. */
type Reader = { marks: readonly Buffer[]; sign: Buffer; event(data: string): Word }

const bytesOf = (...texts: string[]) => texts.map((text) => Buffer.from(text))

const readers: Record<Dialect, Reader> = {
  'anthropic-messages': {
    marks: bytesOf('"usage"', '"message_stop"', '"error"'),
    sign: Buffer.from('"type"'),
    event(data) {
      const event = parse(data)
      if (!isObject(event)) return {}
      switch (event['type']) {
        case 'message_start':
          return { usage: isObject(event['message']) ? event['message']['usage'] : null }
        case 'message_delta':
          return { usage: event['usage'] }
        case 'message_stop':
          return { isLast: true }
        case 'error':
          return { isLast: true, failure: failureIn(event['error']) }
        default:
          return {}
      }
    },
  },
  'openai-chat': {
    // With include_usage every chunk has `"usage":null`; only an object is worth parsing.
    marks: bytesOf('"usage":{', '"usage": {', '[DONE]', '"finish_reason":"', '"finish_reason": "', '"error"'),
    sign: Buffer.from('"choices"'),
    event(data) {
      if (data === '[DONE]') return { isLast: true }
      const event = parse(data)
      if (!isObject(event)) return {}
      const choices = Array.isArray(event['choices']) ? event['choices'] : []
      const failure = failureIn(event['error'])
      return {
        usage: event['usage'],
        isLast: failure !== null || choices.some((choice) => isObject(choice) && typeof choice['finish_reason'] === 'string'),
        failure,
      }
    },
  },
  'openai-responses': {
    marks: bytesOf('"response.completed"', '"response.incomplete"', '"response.failed"', '"error"'),
    sign: Buffer.from('"response.'),
    event(data) {
      const event = parse(data)
      if (!isObject(event)) return {}
      const response = isObject(event['response']) ? event['response'] : null
      switch (event['type']) {
        case 'response.completed':
        case 'response.incomplete':
          return { usage: response?.['usage'], isLast: true }
        case 'response.failed':
          return { usage: response?.['usage'], isLast: true, failure: failureIn(response?.['error']) ?? unexplained }
        case 'error':
          return { isLast: true, failure: failureIn(event['error'] ?? event) ?? unexplained }
        default:
          return {}
      }
    },
  },
  'gemini-generate': {
    marks: bytesOf('"usageMetadata"', '"finishReason"', '"error"'),
    sign: Buffer.from('"candidates"'),
    event(data) {
      const event = parse(data)
      if (!isObject(event)) return {}
      const candidates = Array.isArray(event['candidates']) ? event['candidates'] : []
      const failure = failureIn(event['error'])
      return {
        usage: event['usageMetadata'],
        isLast: failure !== null || candidates.some((each) => isObject(each) && typeof each['finishReason'] === 'string'),
        failure,
      }
    },
  },
}

// --- failures ----------------------------------------------------------------------------------------------

const unexplained = { code: 'provider.failed', detail: '' } as const

/** By the words that providers use for a kind of error; anything unknown is the provider's failure. */
const kinds: readonly (readonly [RegExp, FailureCode])[] = [
  [/authentication|invalid_api_key|permission/, 'provider.refused-key'],
  [/rate_limit|quota|billing|credit/, 'provider.out-of-quota'],
  [/invalid_request|context_length|not_found|invalid_prompt|unsupported/, 'provider.rejected-request'],
]

function failureIn(error: unknown): Verdict['failure'] {
  if (typeof error === 'string') return { code: 'provider.failed', detail: error }
  if (!isObject(error)) return null
  const kind = [error['type'], error['code']].filter((each) => typeof each === 'string').join(' ')
  const detail = typeof error['message'] === 'string' ? error['message'] : ''
  return { code: kinds.find(([words]) => words.test(kind))?.[1] ?? 'provider.failed', detail }
}

/** Of an answer that is no success, by its status alone. */
export function failureOfStatus(status: number): FailureCode {
  if (status === 401 || status === 403) return 'provider.refused-key'
  if (status === 402 || status === 429) return 'provider.out-of-quota'
  if (status === 408 || status >= 500 || status < 400) return 'provider.failed'
  return 'provider.rejected-request'
}
