/**
 * The body of a request: read whole, understood once, forwarded byte for byte.
 *
 * The model that is checked must be the model that the upstream will read. Parsers differ
 * on duplicate keys, on keys that differ in case only (Go ignores case), on a BOM, on bad
 * UTF-8 and on trailing bytes; a body that could be read in two ways is refused.
 * Next: `handler.ts` checks the model; `forward.ts` sends the bytes.
 */
import type { IncomingMessage } from 'node:http'
import type { Endpoint } from '#core/providers/provider.ts'
import { readBounded } from '#server/bounded-body.ts'

/** Anthropic's own limit; short of it a request of an agent is no attack. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024
const BODY_TIMEOUT_MS = 120_000

export type Body = { ok: true; bytes: Buffer } | { ok: false; status: 400 | 408 | 411 | 413 | 415; message: string }

/** Rejects only when the client is gone. */
export async function readBody(req: IncomingMessage, { maxBytes = MAX_BODY_BYTES } = {}): Promise<Body> {
  const { 'content-length': declared, 'content-encoding': encoding, 'content-type': type } = req.headers
  if (encoding !== undefined && encoding !== 'identity')
    return { ok: false, status: 415, message: 'Gatehouse takes bodies without compression only.' }
  if (!/^application\/json\s*(;|$)/i.test(type ?? '')) return { ok: false, status: 415, message: 'Gatehouse takes application/json only.' }
  const tooLarge = { ok: false, status: 413, message: `The request is larger than ${maxBytes} bytes.` } as const
  if (declared !== undefined && Number(declared) > maxBytes) return tooLarge
  const body = await readBounded(req, { maxBytes, timeoutMs: BODY_TIMEOUT_MS })
  if (body.is === 'too-large') return tooLarge
  if (body.is === 'too-late') return { ok: false, status: 408, message: 'The request took too long to arrive.' }
  if (body.bytes.length === 0) return { ok: false, status: 400, message: 'The request has no body.' }
  return { ok: true, bytes: body.bytes }
}

/** What we need to know of a body, and nothing of what it says. */
export type Asked = {
  model: string
  isStream: boolean
  /** Whether the client itself has decided about a usage frame; only then it sees one. */
  saysStreamOptions: boolean
  /** The end that it sets to each answer, and how many it wants; what a dialect does not take is not looked at. */
  maxOutputTokens: number | null
  choices: number
  /** It goes on from what the provider has kept. */
  continues: boolean
}

/** A name goes into records, logs and sentences: no control characters (PostgreSQL takes no NUL), and an end to its length. */
const MODEL = /^[^\p{Cc}\p{Cs}]{1,200}$/u

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @returns what is wrong, as a sentence for the agent's log, when the body is not one JSON object with one meaning */
export function readAsked(bytes: Buffer): { ok: true; asked: Asked } | { ok: false; message: string } {
  let text: string
  let value: unknown
  try {
    text = utf8.decode(bytes)
    value = JSON.parse(text)
  } catch {
    return { ok: false, message: 'The body is not valid JSON in UTF-8.' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { ok: false, message: 'The body is not a JSON object.' }
  const seen = new Set<string>()
  for (const key of topLevelKeys(text)) {
    const folded = key.toLowerCase()
    if (seen.has(folded)) return { ok: false, message: `The body names "${key.slice(0, 100)}" twice.` }
    seen.add(folded)
  }
  const body = value as Readonly<Record<string, unknown>>
  const { model, stream } = body
  if (typeof model !== 'string' || model === '') return { ok: false, message: 'The body does not name a model.' }
  if (!MODEL.test(model)) return { ok: false, message: 'The name of the model is not one.' }
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean')
    return { ok: false, message: '"stream" must be true or false.' }
  return { ok: true, asked: { model, isStream: stream === true, saysStreamOptions: seen.has('stream_options'), ...sizeOf(body) } }
}

/** A count that makes no sense is the provider's to refuse. */
const count = (value: unknown): number | null => (Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : null)

function sizeOf(body: Readonly<Record<string, unknown>>): Pick<Asked, 'maxOutputTokens' | 'choices' | 'continues'> {
  const config = (body['generationConfig'] ?? {}) as Readonly<Record<string, unknown>>
  const limits = [body['max_tokens'], body['max_completion_tokens'], body['max_output_tokens'], config['maxOutputTokens']].map(count)
  const known = limits.filter((each) => each !== null)
  return {
    maxOutputTokens: known.length > 0 ? Math.max(...known) : null,
    choices: Math.min(count(body['n']) ?? count(config['candidateCount']) ?? 1, 128),
    continues: (body['previous_response_id'] ?? body['conversation'] ?? null) !== null,
  }
}

const QUOTE = 34
const COMMA = 44
const COLON = 58
const OPEN_BRACKET = 91
const BACKSLASH = 92
const CLOSE_BRACKET = 93
const OPEN_BRACE = 123
const CLOSE_BRACE = 125

/** Of an object that is known to be valid JSON. Jumps over strings, since almost all of a body is inside them. */
function* topLevelKeys(text: string): Generator<string> {
  let depth = 0
  let isKeyNext = false
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth += 1
        isKeyNext = depth === 1
        break
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth -= 1
        break
      case COMMA:
        isKeyNext = depth === 1
        break
      case COLON:
        isKeyNext = false
        break
      case QUOTE: {
        const end = endOfString(text, at)
        if (depth === 1 && isKeyNext) yield JSON.parse(text.slice(at, end + 1)) as string
        at = end
        break
      }
      default:
    }
  }
}

/** The index of the quote that closes the string which opens at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); ; at = text.indexOf('"', at + 1)) {
    let backslashes = 0
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1
    if (backslashes % 2 === 0) return at
  }
}

const ASK_FOR_USAGE = Buffer.from('"stream_options":{"include_usage":true},')

/**
 * OpenAI's chat streams report usage only when asked. This is the one place where a body
 * changes: the question is put in right behind the first brace, and every other byte stays.
 *
 * @returns null when the client decided for itself, or the provider reports anyway
 */
export function askingForUsage(
  bytes: Buffer,
  asked: Pick<Asked, 'isStream' | 'saysStreamOptions'>,
  { dialect, reportsUsageUnasked }: Pick<Endpoint, 'dialect' | 'reportsUsageUnasked'>,
): Buffer | null {
  if (dialect !== 'openai-chat' || reportsUsageUnasked || !asked.isStream || asked.saysStreamOptions) return null
  const brace = bytes.indexOf(OPEN_BRACE)
  return Buffer.concat([bytes.subarray(0, brace + 1), ASK_FOR_USAGE, bytes.subarray(brace + 1)])
}
