/**
 * Reads a response while it passes: what it used, whether it came to its end, whether it
 * reports a failure inside a 200. It never changes and never delays a byte.
 *
 * Events are looked at as bytes, and parsed only when they can matter: `"usage"` with its
 * quotes cannot occur inside a JSON string, where quotes are escaped.
 * Next: `metered-exchange.ts` settles the record with the verdict; `core/models/usage.ts` evens the dialects out.
 */
import type { FailureCode } from '#core/errors.ts'
import { mergeRawUsage, readUsage, type TokenCounts } from '#core/models/usage.ts'
import type { Dialect } from '#core/providers/dialects.ts'
import { arrayStream } from '#server/proxy/array-stream.ts'
import { eventStream, MAX_EVENT_BYTES } from '#server/proxy/event-stream.ts'

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

function streamMeter(dialect: Dialect): Meter {
  const { take, verdict } = collector(dialect)
  const one = look(dialect, take)
  const events = eventStream((lines) => {
    if (lines.length === 1) return one(lines[0]!)
    const whole = Buffer.concat(lines.flatMap((each) => [each, NEW_LINE]))
    // One event in several lines, or several events without a blank line between them.
    if (parse(whole.toString('utf8')) === null) lines.forEach(one)
    else one(whole)
  })
  return {
    feed: events.feed,
    verdict() {
      events.end()
      return verdict()
    },
  }
}

const NEW_LINE = Buffer.from('\n')

/** Reads one event, when there can be something in it. */
function look(dialect: Dialect, take: (word: Word) => void): (data: Buffer) => void {
  const reader = readers[dialect]
  return (data) => {
    if (reader.marks.some((mark) => data.includes(mark)) || reader.isOdd?.(data)) take(reader.event(data.toString('utf8').trim()))
    else if (data.includes(reader.sign)) take({})
  }
}

function bodyMeter(dialect: Dialect): Meter {
  const { take, verdict } = collector(dialect)
  let kept: Buffer[] = []
  let bytes = 0
  /** Gemini's other form of a stream; null until the first byte that is no space tells. */
  let isArray = dialect === 'gemini-generate' ? null : false
  const elements = arrayStream(look(dialect, take))
  return {
    feed(chunk) {
      if (isArray === null) {
        const first = /\S/.exec(chunk.toString('latin1'))?.[0]
        if (first !== undefined) isArray = first === '['
      }
      bytes += chunk.length
      if (isArray) return elements.feed(chunk)
      if (bytes <= MAX_EVENT_BYTES) kept.push(chunk)
      else kept = []
    },
    verdict() {
      if (isArray) return verdict()
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

/** `marks`: bytes without which an event cannot matter, unless it `isOdd`. `sign`: bytes that every event of the dialect has. */
type Reader = { marks: readonly Buffer[]; isOdd?: (data: Buffer) => boolean; sign: Buffer; event(data: string): Word }

const bytesOf = (...texts: string[]) => texts.map((text) => Buffer.from(text))

const USAGE = Buffer.from('"usage"')
const NO_USAGE = Buffer.from('"usage":null')

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
    isOdd: (data) => data.includes(USAGE) && !data.includes(NO_USAGE),
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
  [/authentication|invalid_api_key|permission/i, 'provider.refused-key'],
  [/rate_limit|quota|billing|credit|resource_exhausted/i, 'provider.out-of-quota'],
  [/invalid_request|context_length|not_found|invalid_prompt|unsupported|invalid_argument/i, 'provider.rejected-request'],
]

function failureIn(error: unknown): Verdict['failure'] {
  if (typeof error === 'string') return { code: 'provider.failed', detail: error }
  if (!isObject(error)) return null
  const kind = [error['type'], error['code'], error['status']].filter((each) => typeof each === 'string').join(' ')
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
