/**
 * The one list of models. The menu, the proxy's allowlist and the price of a request
 * are views of it, so none of them can disagree with another.
 * The data stands in `entries/`, one file per provider.
 */
import type { FailureCode } from '#core/errors.ts'
import type { Harness } from '#core/harnesses/harness.ts'
import { entries } from '#core/models/entries/all.ts'
import type { ModelEntry, Price } from '#core/models/model.ts'
import { CUSTOM_PROVIDER } from '#core/providers/presets.ts'
import { vendorOfDialect, type Dialect } from '#core/providers/dialects.ts'

/** What decides which part of the catalog is offered. `customModels`: upstream ids that a custom provider was connected with. */
export type ModelQuery = {
  harness: Harness
  provider: string
  dialect: Dialect
  customModels?: readonly string[]
  scope?: 'project' | 'user' | 'platform'
}

export type { Lifecycle, ModelEntry, Price, Rates } from '#core/models/model.ts'

const isSelectable = (entry: ModelEntry) => entry.lifecycle.is !== 'retired'

const isConversational = (entry: ModelEntry) => entry.kind !== 'embedding'

/** A custom provider without a list of its own is taken as a mirror of its dialect's vendor. */
const catalogProvider = ({ provider, dialect }: Pick<ModelQuery, 'provider' | 'dialect'>) =>
  provider === CUSTOM_PROVIDER ? vendorOfDialect[dialect] : provider

/** One entry by provider and upstream id; for a custom provider, the vendor's entry of the same id. */
export function findModel(where: Pick<ModelQuery, 'provider' | 'dialect'>, id: string): ModelEntry | null {
  const provider = catalogProvider(where)
  return entries.find((entry) => entry.provider === provider && entry.id === id) ?? null
}

/** An upstream id that we know nothing about but its owner's word; limits are a cautious guess. */
const unlisted = ({ provider, dialect }: ModelQuery, id: string): ModelEntry => ({
  provider,
  id,
  name: id,
  family: id,
  lifecycle: { is: 'current' },
  contextTokens: 128_000,
  outputTokens: 16_000,
  capabilities: ['tools'],
  dialects: [dialect],
  price: null,
})

/** The menu: what a person may choose, current models first, in the order of the data. */
export function modelsFor(query: ModelQuery): ModelEntry[] {
  const { provider, dialect, customModels = [], scope } = query
  if (provider === CUSTOM_PROVIDER && customModels.length > 0)
    return customModels
      .map((id) => {
        const known = findModel(query, id)
        return known ? { ...known, provider } : unlisted(query, id)
      })
      .filter(isConversational)
  const vendor = catalogProvider(query)
  const offered = entries.filter(
    (entry) =>
      entry.provider === vendor &&
      entry.dialects.includes(dialect) &&
      isSelectable(entry) &&
      isConversational(entry) &&
      (!scope || !entry.scopes || entry.scopes.includes(scope)),
  )
  const ranked = [
    ...offered.filter((each) => each.lifecycle.is === 'current'),
    ...offered.filter((each) => each.lifecycle.is !== 'current'),
  ]
  return ranked.map((entry) => (entry.provider === provider ? entry : { ...entry, provider }))
}

export type ModelVerdict =
  | { ok: true; entry: ModelEntry }
  | { ok: false; code: Extract<FailureCode, `model.${string}`>; successor: string | null }

/** The allowlist: the menu, and what the harness asks for by itself behind a person's back (titles, routing). */
export function allows(query: ModelQuery, id: string): ModelVerdict {
  const offered = modelsFor(query).find((entry) => entry.id === id)
  if (offered) return { ok: true, entry: offered }
  const known = findModel(query, id)
  if (known && !isSelectable(known))
    return { ok: false, code: 'model.retired', successor: known.lifecycle.is === 'current' ? null : (known.lifecycle.successor ?? null) }
  if (query.harness.backgroundModels.includes(id)) return { ok: true, entry: known ?? unlisted(query, id) }
  return { ok: false, code: known ? 'model.not-allowed' : 'model.unknown', successor: null }
}

/** The allowlist of the embeddings route: the provider's own such models, or what a custom provider was connected with. */
export function allowsEmbedding(query: ModelQuery, id: string): ModelVerdict {
  const known = findModel(query, id)
  const own = query.provider === CUSTOM_PROVIDER ? (query.customModels ?? []) : []
  if (own.length > 0) {
    if (!own.includes(id)) return { ok: false, code: known ? 'model.not-allowed' : 'model.unknown', successor: null }
    return { ok: true, entry: known ?? unlisted(query, id) }
  }
  if (!known) return { ok: false, code: 'model.unknown', successor: null }
  if (known.kind !== 'embedding' || !known.dialects.includes(query.dialect))
    return { ok: false, code: 'model.not-allowed', successor: null }
  if (known.lifecycle.is === 'retired') return { ok: false, code: 'model.retired', successor: known.lifecycle.successor ?? null }
  return { ok: true, entry: known }
}

/** What a harness gets when nobody chose: its own preference where it is offered, else the head of the menu. */
export function defaultModel(query: ModelQuery): ModelEntry | null {
  const menu = modelsFor(query)
  const preferred = query.harness.preferredModels.find((id) => menu.some((entry) => entry.id === id))
  return menu.find((entry) => entry.id === preferred) ?? menu[0] ?? null
}

/** The price of a request, by what it was sent to; null when unknown, which is not the same as nothing. */
export const priceOf = (where: Pick<ModelQuery, 'provider' | 'dialect'>, id: string): Price | null => findModel(where, id)?.price ?? null
