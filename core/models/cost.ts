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
  const rates = ratesFor(price, tokens.inputTokens + tokens.cacheReadTokens + tokens.cacheWriteTokens)
  const millionths =
    tokens.inputTokens * rates.input +
    tokens.outputTokens * rates.output +
    tokens.cacheReadTokens * rates.cacheRead +
    tokens.cacheWriteTokens * rates.cacheWrite
  return Math.round(millionths / 1_000_000)
}

const ratesFor = (price: Price, inputTokens: number): Rates =>
  (price.tiers ?? []).findLast((tier) => inputTokens > tier.inputTokensAbove) ?? price
