/**
 * What a request may cost before it is known, and what one may have cost whose end nobody reported. Both are the worst
 * case that is still plausible: budgets count on the safe side.
 */
import { costMicros, ratesFor } from '#core/models/cost.ts'
import type { ModelEntry, Price } from '#core/models/model.ts'
import { noTokens, type TokenCounts } from '#core/models/usage.ts'

export type Estimate = { inputTokens: number; outputTokens: number }

/** Most text has three or four bytes to a token; digits and other scripts come near two. */
const BYTES_PER_TOKEN = 2
/** No model of this year writes faster for long. */
const TOKENS_PER_SECOND = 500

type Asked = {
  bodyBytes: number
  /** For each answer; null when the request leaves it to the model. */
  maxOutputTokens: number | null
  /** How many answers it wants. */
  choices: number
  /** The provider adds what it keeps of a conversation. */
  continues: boolean
}

export function estimateOf({ bodyBytes, maxOutputTokens, choices, continues }: Asked, entry: ModelEntry): Estimate {
  const ofBody = Math.ceil(bodyBytes / BYTES_PER_TOKEN)
  return {
    inputTokens: continues ? entry.contextTokens : Math.min(ofBody, entry.contextTokens),
    outputTokens: Math.min(maxOutputTokens ?? entry.outputTokens, entry.outputTokens) * choices,
  }
}

/** In millionths of a US dollar. The whole input may have to be written to a cache. */
export function estimatedMicros(price: Price, { inputTokens, outputTokens }: Estimate): number {
  const rates = ratesFor(price, inputTokens)
  return Math.round((inputTokens * Math.max(rates.input, rates.cacheWrite) + outputTokens * rates.output) / 1_000_000)
}

export const estimatedTokens = ({ inputTokens, outputTokens }: Estimate): number => inputTokens + outputTokens

/**
 * Of an answer that began, or may have begun, and whose last word on its usage is missing: what was reported of it, else
 * its whole input, and as much output as fits into the time that it took.
 */
export function unreportedTokens(
  { inputTokens, outputTokens }: Estimate,
  { tokens, durationMs }: { tokens: TokenCounts | null; durationMs: number },
): TokenCounts {
  const known = tokens ?? { ...noTokens, inputTokens }
  const written = Math.min(outputTokens, Math.ceil((durationMs * TOKENS_PER_SECOND) / 1_000))
  return { ...known, outputTokens: Math.max(known.outputTokens, written) }
}

export const unreportedMicros = (
  price: Price,
  estimate: Estimate,
  ending: { tokens: TokenCounts | null; durationMs: number },
): number | null => costMicros(price, unreportedTokens(estimate, ending))
