/**
 * What a request used, told apart so that each kind of token has one price.
 * The providers count differently: Anthropic's input excludes what a cache gave or
 * took, OpenAI's and Google's input includes it, and Google's output leaves thoughts
 * out. Here is the one place where that is evened out.
 * Read by `server/proxy/usage.ts`; priced by `cost.ts`.
 */
import type { Dialect } from '#core/providers/dialects.ts'

export type TokenCounts = {
  /** Neither read from nor written to a cache. */
  inputTokens: number
  /** Everything the model wrote, its reasoning included. */
  outputTokens: number
  cacheReadTokens: number
  cacheWriteTokens: number
  /** A part of `cacheWriteTokens` that is kept for an hour instead of minutes; absent where there is none. */
  cacheWrite1hTokens?: number
  /** A part of `outputTokens`. */
  reasoningTokens: number
}

export const noTokens: TokenCounts = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 }

/** The largest count that a column holds; more than that is not a count. */
export const MAX_COUNT = 2_147_483_647

type Json = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A count that somebody else wrote: anything but a sane whole number is unknown. */
const count = (value: unknown): number | null =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_COUNT ? value : null

/** Of two counts that may be unknown; a sum that is no count is unknown, too. */
const sum = (one: number | null, other: number | null): number | null =>
  one === null && other === null ? null : count((one ?? 0) + (other ?? 0))

const within = (value: unknown, key: string): unknown => (isObject(value) ? value[key] : undefined)

/** Reports are flat but for a detail or two. What is nested without end is none, and would be our own end where it is walked. */
const MAX_DEPTH = 6

const isShallow = (value: unknown, depth = MAX_DEPTH): boolean =>
  typeof value !== 'object' || value === null || (depth > 0 && Object.values(value).every((each) => isShallow(each, depth - 1)))

/** Lays a later report over an earlier one, field by field: providers repeat what they know and leave out what they do not. */
export const mergeRawUsage = (earlier: unknown, later: unknown): unknown =>
  isObject(later) && isShallow(later) ? merged(earlier, later) : (earlier ?? null)

function merged(earlier: unknown, later: Json): Json {
  if (!isObject(earlier)) return later
  const fields = new Map<string, unknown>(Object.entries(earlier))
  for (const [key, value] of Object.entries(later)) {
    if (value === null || value === undefined) continue
    fields.set(key, isObject(value) ? merged(earlier[key], value) : value)
  }
  // Not by assignment: a field may be called `__proto__`.
  return Object.fromEntries(fields)
}

/** Null when the report holds no count that this dialect would hold. */
export function readUsage(dialect: Dialect, raw: unknown): TokenCounts | null {
  if (!isObject(raw)) return null
  return readers[dialect](raw)
}

const readers: Record<Dialect, (raw: Json) => TokenCounts | null> = {
  'anthropic-messages': (raw) => {
    const input = count(raw['input_tokens'])
    const output = count(raw['output_tokens'])
    if (input === null && output === null) return null
    const cacheWrite = count(raw['cache_creation_input_tokens']) ?? 0
    const forAnHour = Math.min(count(within(raw['cache_creation'], 'ephemeral_1h_input_tokens')) ?? 0, cacheWrite)
    return {
      inputTokens: input ?? 0,
      outputTokens: output ?? 0,
      cacheReadTokens: count(raw['cache_read_input_tokens']) ?? 0,
      cacheWriteTokens: cacheWrite,
      ...(forAnHour > 0 && { cacheWrite1hTokens: forAnHour }),
      reasoningTokens: Math.min(count(within(raw['output_tokens_details'], 'thinking_tokens')) ?? 0, output ?? 0),
    }
  },
  'openai-chat': (raw) => {
    const details = raw['prompt_tokens_details']
    return inclusive({
      input: count(raw['prompt_tokens']),
      output: count(raw['completion_tokens']),
      // DeepSeek names its cache hits beside the details that others use.
      cacheRead: count(within(details, 'cached_tokens')) ?? count(raw['prompt_cache_hit_tokens']),
      cacheWrite: count(within(details, 'cache_write_tokens')),
      reasoning: count(within(raw['completion_tokens_details'], 'reasoning_tokens')),
    })
  },
  'openai-responses': (raw) => {
    const details = raw['input_tokens_details']
    return inclusive({
      input: count(raw['input_tokens']),
      output: count(raw['output_tokens']),
      cacheRead: count(within(details, 'cached_tokens')),
      cacheWrite: count(within(details, 'cache_write_tokens')),
      reasoning: count(within(raw['output_tokens_details'], 'reasoning_tokens')),
    })
  },
  'gemini-generate': (raw) => {
    const thoughts = count(raw['thoughtsTokenCount'])
    return inclusive({
      // What Google's own tools found is read by the model, too, and stands beside the prompt.
      input: sum(count(raw['promptTokenCount']), count(raw['toolUsePromptTokenCount'])),
      output: sum(count(raw['candidatesTokenCount']), thoughts),
      cacheRead: count(raw['cachedContentTokenCount']),
      cacheWrite: null,
      reasoning: thoughts,
    })
  },
}

type Inclusive = Record<'input' | 'output' | 'cacheRead' | 'cacheWrite' | 'reasoning', number | null>

/** For dialects whose input holds the cached tokens: takes them out, and never below nothing. */
function inclusive({ input, output, cacheRead, cacheWrite, reasoning }: Inclusive): TokenCounts | null {
  if (input === null && output === null) return null
  const read = Math.min(cacheRead ?? 0, input ?? 0)
  const written = Math.min(cacheWrite ?? 0, (input ?? 0) - read)
  return {
    inputTokens: (input ?? 0) - read - written,
    outputTokens: output ?? 0,
    cacheReadTokens: read,
    cacheWriteTokens: written,
    reasoningTokens: Math.min(reasoning ?? 0, output ?? 0),
  }
}
