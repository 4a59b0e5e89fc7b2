/** Sums of metered requests, and what they say without knowing a price. */
export type UsageSums = {
  /** Metered requests that brought something back, or may have: the cost is theirs. */
  requests: number
  /** Requests that brought nothing back. */
  lostRequests: number
  /** Neither read from nor written to a cache. */
  inputTokens: number
  outputTokens: number
  cacheReadTokens: number
  cacheWriteTokens: number
  /** A part of `outputTokens`. */
  reasoningTokens: number
  /** Of the priced requests alone. */
  costMicros: number
  /** Without a known price. */
  unpricedRequests: number
  unpricedTokens: number
  /** Turns on a login or a subscription: their tokens are in the sums, and nobody prices them. */
  subscriptionTurns: number
  subscriptionTokens: number
  abortedRequests: number
  abortedMicros: number
  failedRequests: number
  failedMicros: number
}

export const noSums: UsageSums = {
  requests: 0,
  lostRequests: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  costMicros: 0,
  unpricedRequests: 0,
  unpricedTokens: 0,
  subscriptionTurns: 0,
  subscriptionTokens: 0,
  abortedRequests: 0,
  abortedMicros: 0,
  failedRequests: 0,
  failedMicros: 0,
}

export const sumKeys = Object.keys(noSums) as (keyof UsageSums)[]

/** Key by key. */
export const addSums = (a: UsageSums, b: UsageSums): UsageSums =>
  Object.fromEntries(sumKeys.map((key) => [key, a[key] + b[key]])) as UsageSums

type Input = Pick<UsageSums, 'inputTokens' | 'cacheReadTokens' | 'cacheWriteTokens'>

/** Everything that a model was given to read. */
export const readTokens = ({ inputTokens, cacheReadTokens, cacheWriteTokens }: Input): number =>
  inputTokens + cacheReadTokens + cacheWriteTokens

export const allTokens = (sums: Input & Pick<UsageSums, 'outputTokens'>): number => readTokens(sums) + sums.outputTokens

/** How much of what was read came from the provider's cache, from 0 to 1; null when nothing was read. */
export function cacheShare(sums: Input): number | null {
  const read = readTokens(sums)
  return read > 0 ? sums.cacheReadTokens / read : null
}
