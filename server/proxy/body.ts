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
import { passUnread, readBounded } from '#server/bounded-body.ts'
import type { ProxyLimits } from '#server/proxy/limits.ts'

export type Body = { ok: true; bytes: Buffer } | { ok: false; status: 400 | 408 | 411 | 413 | 415; message: string }

type Limits = Pick<ProxyLimits, 'bodyBytes' | 'bodyMs'>

/** Rejects only when the client is gone. */
export async function readBody(req: IncomingMessage, limits: Limits): Promise<Body> {
  const { 'content-length': declared, 'content-encoding': encoding, 'content-type': type } = req.headers
  if (encoding !== undefined && encoding !== 'identity')
    return unread(req, { ok: false, status: 415, message: 'Gatehouse takes bodies without compression only.' })
  if (!/^application\/json\s*(;|$)/i.test(type ?? ''))
    return unread(req, { ok: false, status: 415, message: 'Gatehouse takes application/json only.' })
  const tooLarge = { ok: false, status: 413, message: `The request is larger than ${limits.bodyBytes} bytes.` } as const
  if (declared !== undefined && Number(declared) > limits.bodyBytes) return unread(req, tooLarge)
  const body = await readBounded(req, { maxBytes: limits.bodyBytes, timeoutMs: limits.bodyMs })
  if (body.is === 'too-late') return unread(req, { ok: false, status: 408, message: 'The request took too long to arrive.' })
  if (body.is === 'too-large') return unread(req, tooLarge)
  if (body.bytes.length === 0) return { ok: false, status: 400, message: 'The request has no body.' }
  return { ok: true, bytes: body.bytes }
}

function unread(req: IncomingMessage, refusal: Body): Body {
  passUnread(req)
  return refusal
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
  /** It asks to be served faster or slower than others, at another price than the list's. */
  isOffTariff: boolean
}

/** A name goes into records, logs and sentences: no control characters (PostgreSQL takes no NUL), and an end to its length. */
const MODEL = /^[^\p{Cc}\p{Cs}]{1,200}$/u

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What decides here how a request is taken; in other letters it would decide at some upstreams only. */
const READ = new Set(['model', 'models', 'stream', 'stream_options', 'background', 'service_tier', 'speed'])

/** What decides how much is set aside for it. */
const SIZES = new Set([
  'max_tokens',
  'max_completion_tokens',
  'max_output_tokens',
  'generationConfig',
  'n',
  'previous_response_id',
  'conversation',
])

/** What the path said already, in a dialect that names the model there. */
export type SaidInPath = { model: string; isStream: boolean }

type Understood = { ok: true; asked: Asked } | { ok: false; message: string }
const misread = (message: string): Understood => ({ ok: false, message })

/** @returns what is wrong, as a sentence for the agent's log, when the body is not one JSON object with one meaning */
export function readAsked(bytes: Buffer, inPath: SaidInPath | null = null): Understood {
  let text: string
  let value: unknown
  try {
    text = utf8.decode(bytes)
    value = JSON.parse(text)
  } catch {
    return misread('The body is not valid JSON in UTF-8.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return misread('The body is not a JSON object.')
  const seen = new Set<string>()
  for (const key of topLevelKeys(text)) {
    // Upper case first: some readers take a long s for an s.
    const folded = key.toUpperCase().toLowerCase()
    if (seen.has(folded)) return misread(`The body names "${key.slice(0, 100)}" twice.`)
    if (folded !== key && READ.has(folded)) return misread(`The body spells "${folded}" in its own way.`)
    // V8 takes a key with an escape for one that it has just read, when that is its beginning as it is spelled.
    if (!Object.hasOwn(value, key) && (READ.has(key) || SIZES.has(key))) return misread(`The body spells "${key}" in its own way.`)
    seen.add(folded)
  }
  const body = value as Readonly<Record<string, unknown>>
  if (inPath) return agreeing(body, { seen, inPath })
  // OpenRouter would turn to these when the first one fails: one request, one model.
  if (seen.has('models')) return misread('The body names "models". Gatehouse passes on a request for one model.')
  const { model, stream, background } = body
  if (typeof model !== 'string' || model === '') return misread('The body does not name a model.')
  if (!MODEL.test(model)) return misread('The name of the model is not one.')
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean') return misread('"stream" must be true or false.')
  // OpenAI would answer at once and work on, on a bill that nobody here sees.
  if (seen.has('background') && background !== null && background !== false)
    return misread('The body asks for work in the background. Gatehouse passes on what is answered on this connection.')
  return { ok: true, asked: { model, isStream: stream === true, saysStreamOptions: seen.has('stream_options'), ...sizeOf(body) } }
}

/** Of OpenAI's and Anthropic's `service_tier`, and of Anthropic's `speed`: those that cost what the price list says. */
const LISTED_TIERS: ReadonlySet<unknown> = new Set([null, 'auto', 'default', 'standard', 'standard_only'])

/** A count that makes no sense is the provider's to refuse. */
const count = (value: unknown): number | null => (Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : null)

function sizeOf(body: Readonly<Record<string, unknown>>): Pick<Asked, 'maxOutputTokens' | 'choices' | 'continues' | 'isOffTariff'> {
  const config = (body['generationConfig'] ?? {}) as Readonly<Record<string, unknown>>
  const limits = [body['max_tokens'], body['max_completion_tokens'], body['max_output_tokens'], config['maxOutputTokens']].map(count)
  const known = limits.filter((each) => each !== null)
  return {
    maxOutputTokens: known.length > 0 ? Math.max(...known) : null,
    choices: Math.min(count(body['n']) ?? count(config['candidateCount']) ?? 1, 128),
    continues: (body['previous_response_id'] ?? body['conversation'] ?? null) !== null,
    isOffTariff: ![body['service_tier'], body['speed']].every((tier) => LISTED_TIERS.has(tier ?? null)),
  }
}

/** Gemini's path names the model; a body that names another, there or in a request within it, could be read either way. */
function agreeing(
  body: Readonly<Record<string, unknown>>,
  { seen, inPath }: { seen: ReadonlySet<string>; inPath: SaidInPath },
): Understood {
  if (seen.has('model') && body['model'] !== inPath.model && body['model'] !== `models/${inPath.model}`)
    return misread('The body names another model than the path.')
  if (seen.has('generatecontentrequest') || seen.has('generate_content_request'))
    return misread('The body holds a request with a model of its own. Gatehouse counts "contents".')
  return { ok: true, asked: { ...inPath, saysStreamOptions: false, ...sizeOf(body) } }
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
function topLevelKeys(text: string): string[] {
  const keys: string[] = []
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
        if (depth === 1 && isKeyNext) keys.push(keyIn(text.slice(at, end + 1)))
        at = end
        break
      }
      default:
    }
  }
  return keys
}

const keyIn = (quoted: string): string => (quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1))

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
