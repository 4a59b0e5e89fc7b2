/** The shape of one model of the catalog. */
import type { Scope } from '#core/connections/connection.ts'
import type { Dialect } from '#core/providers/dialects.ts'

/**
 * Millionths of a US dollar per million tokens: $5 per million is 5_000_000. `cacheWrite1h`: for what is kept for an
 * hour, where that has a price of its own.
 */
export type Rates = { input: number; output: number; cacheRead: number; cacheWrite: number; cacheWrite1h?: number }

/** `tiers` in rising order: a request whose whole input passes `inputTokensAbove` pays that tier for all of its tokens. */
export type Price = Rates & { tiers?: readonly (Rates & { inputTokensAbove: number })[] }

/** Dates are `YYYY-MM-DD`. A legacy model still answers; a retired one does not. */
export type Lifecycle =
  | { is: 'current' }
  | { is: 'legacy'; on?: string; successor?: string }
  | { is: 'retired'; on?: string; successor?: string }

export type Capability = 'tools' | 'images' | 'reasoning'

export type ModelEntry = {
  /** Absent for what answers a conversation. An embedding model is on no menu, and serves the embeddings route alone. */
  kind?: 'embedding'
  provider: string
  /** The upstream id: what the provider reads in the request's `model`. Unique within its provider. */
  id: string
  name: string
  family: string
  lifecycle: Lifecycle
  contextTokens: number
  outputTokens: number
  capabilities: readonly Capability[]
  /** The dialects of its provider in which it answers. */
  dialects: readonly Dialect[]
  /** Null when nobody has published one. */
  price: Price | null
  /** Present when only these scopes may use it. */
  scopes?: readonly Scope[]
}
