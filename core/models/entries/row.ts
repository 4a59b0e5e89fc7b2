/** How a data file writes one model; see `core/models/catalog.ts` for what the fields promise. */
import type { Capability, Lifecycle, ModelEntry, Price, Rates } from '#core/models/model.ts'
import type { Dialect } from '#core/providers/dialects.ts'

type Dollars = { input: number; output: number; cacheRead?: number; cacheWrite?: number; cacheWrite1h?: number }

/** Where a provider names no price for cached tokens, they cost what fresh input costs. */
const rates = ({ input, output, cacheRead = input, cacheWrite = input, cacheWrite1h }: Dollars): Rates => ({
  input: micros(input),
  output: micros(output),
  cacheRead: micros(cacheRead),
  cacheWrite: micros(cacheWrite),
  ...(cacheWrite1h !== undefined && { cacheWrite1h: micros(cacheWrite1h) }),
})

const micros = (dollars: number) => Math.round(dollars * 1_000_000)

/** US dollars per million tokens, as price lists print them. */
export type PriceList = Dollars & { tiers?: readonly (Dollars & { inputTokensAbove: number })[] }

export function usd({ tiers, ...base }: PriceList): Price {
  if (!tiers) return rates(base)
  return { ...rates(base), tiers: tiers.map(({ inputTokensAbove, ...tier }) => ({ inputTokensAbove, ...rates(tier) })) }
}

type Row = {
  family: string
  contextTokens: number
  outputTokens: number
  /** Capabilities, separated by spaces. */
  can: string
  price: Price | null
  lifecycle?: Lifecycle
  dialects?: readonly Dialect[]
}

export const rowsOf =
  (provider: string, usualDialects: readonly Dialect[]) =>
  (id: string, name: string, { can, lifecycle = { is: 'current' }, dialects = usualDialects, ...row }: Row): ModelEntry => ({
    provider,
    id,
    name,
    lifecycle,
    dialects,
    capabilities: can.split(' ') as Capability[],
    ...row,
  })

/** Embedding models take 8,192 tokens and write none; so they cost for what they read. */
export const embeddingsOf =
  (provider: string, dialects: readonly Dialect[]) =>
  (id: string, name: string, { price, lifecycle = { is: 'current' } }: Pick<Row, 'price' | 'lifecycle'>): ModelEntry => ({
    kind: 'embedding',
    provider,
    id,
    name,
    family: 'embedding',
    lifecycle,
    dialects,
    contextTokens: 8_192,
    outputTokens: 0,
    capabilities: [],
    price,
  })
