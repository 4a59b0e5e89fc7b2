/** Price × tokens, in whole millionths of a US dollar: sums of cents that are floats drift, these do not. */
import type { Price, Rates } from '#core/models/catalog.ts'
import type { TokenCounts } from '#core/models/usage.ts'

/**
 * What the tokens cost, rounded to the nearest millionth. A tier is chosen by the whole
 * input, cached parts included, and then holds for every token of the request.
 *
 * @returns null when no price is known, which is not the same as nothing
 */
export function costMicros(price: Price | null, tokens: TokenCounts): number | null {
  if (!price) return null
  const rates = ratesFor(price, wholeInput(tokens))
  const { cacheWrite1hTokens = 0 } = tokens
  const millionths =
    tokens.inputTokens * rates.input +
    tokens.outputTokens * rates.output +
    tokens.cacheReadTokens * rates.cacheRead +
    (tokens.cacheWriteTokens - cacheWrite1hTokens) * rates.cacheWrite +
    cacheWrite1hTokens * (rates.cacheWrite1h ?? rates.cacheWrite)
  return Math.round(millionths / 1_000_000)
}

export const wholeInput = (tokens: TokenCounts): number => tokens.inputTokens + tokens.cacheReadTokens + tokens.cacheWriteTokens

/** Of the tier that a whole input of this size falls into. */
export function ratesFor(price: Price, inputTokens: number): Rates {
  const { input, output, cacheRead, cacheWrite, cacheWrite1h } =
    (price.tiers ?? []).findLast((tier) => inputTokens > tier.inputTokensAbove) ?? price
  return { input, output, cacheRead, cacheWrite, ...(cacheWrite1h !== undefined && { cacheWrite1h }) }
}
