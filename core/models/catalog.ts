/**
 * The one list of models. The menu, the proxy's allowlist and the price of a request
 * are views of it, so none of them can disagree with another.
 * The data stands in `entries/`, one file per provider; what people say on top of it in `rules.ts`.
 */
import type { Scope } from '#core/connections/connection.ts'
import type { FailureCode } from '#core/errors.ts'
import type { Harness } from '#core/harnesses/harness.ts'
import { entries } from '#core/models/entries/all.ts'
import type { ModelEntry, Price } from '#core/models/model.ts'
import { keyOf, noRules, ruled, type ModelRule, type ModelRules } from '#core/models/rules.ts'
import { CUSTOM_PROVIDER } from '#core/providers/presets.ts'
import { vendorOfDialect, type Dialect } from '#core/providers/dialects.ts'

/** What decides which part of the catalog is offered. */
export type ModelQuery = {
  harness: Harness
  provider: string
  dialect: Dialect
  /** The host of a custom provider. */
  server?: string | null
  /** Upstream ids that a custom provider was connected with: chosen by whoever connected it. */
  customModels?: readonly string[]
  /** What a custom provider said last that it serves; null when it was not asked, or did not say. */
  listed?: readonly string[] | null
  scope?: Scope
  rules?: ModelRules
}

type Where = Pick<ModelQuery, 'provider' | 'dialect'>
/** Everything but who asks: what a harness asks for by itself is a matter of `allows` alone. */
export type Offer = Omit<ModelQuery, 'harness'>

export type { Lifecycle, ModelEntry, Price, Rates } from '#core/models/model.ts'

/** A custom provider without a list of its own is taken as a mirror of its dialect's vendor. */
const catalogProvider = ({ provider, dialect }: Where) => (provider === CUSTOM_PROVIDER ? vendorOfDialect[dialect] : provider)

const byProvider = Map.groupBy(entries, (entry) => entry.provider)
const byId = new Map(entries.map((entry) => [`${entry.provider} ${entry.id}`, entry]))

/** One built-in entry by provider and upstream id; for a custom provider, the vendor's entry of the same id. */
export const findModel = (where: Where, id: string): ModelEntry | null => byId.get(`${catalogProvider(where)} ${id}`) ?? null

/** An upstream id that we know nothing about but its owner's word; limits are a cautious guess. */
export const unlisted = ({ provider, dialect }: Where, id: string): ModelEntry => ({
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

const rulesOn = ({ scope, rules = noRules }: Offer) => (scope === 'platform' ? rules.onPlatform : rules.byKey)

const ruleOf = (query: Offer, model: string): ModelRule | null =>
  rulesOn(query).get(keyOf({ provider: query.provider, server: query.server ?? null, model })) ?? null

/** Named by whoever connected the server, or allowed by an admin: somebody vouches that it answers here. */
const isVouchedFor = ({ provider, customModels }: Offer, id: string, rule: ModelRule | null): boolean =>
  rule?.isAllowed === true || (provider === CUSTOM_PROVIDER && customModels?.includes(id) === true)

export type Weighed = { entry: ModelEntry; why: Extract<FailureCode, `model.${string}`> | null }

/** One id as this query sees it: its entry with the rules laid over it, and why it is not offered. Null when nobody knows it. */
export function weigh(query: Offer, id: string): Weighed | null {
  const known = findModel(query, id)
  const rule = ruleOf(query, id)
  const isVouched = isVouchedFor(query, id, rule)
  if (!known && !isVouched && !rule) return null
  const found = { ...(known ?? unlisted(query, id)), provider: query.provider }
  // Whoever vouches for what its vendor has retired says that it answers here all the same.
  const entry = ruled(
    isVouched && found.lifecycle.is === 'retired' ? { ...found, lifecycle: { ...found.lifecycle, is: 'legacy' } } : found,
    rule,
  )
  return { entry, why: whyWithheld(query, { entry, rule, isVouched, isKnown: known !== null }) }
}

function whyWithheld(
  { provider, dialect, customModels = [], listed, scope, rules = noRules }: Offer,
  { entry, rule, isVouched, isKnown }: { entry: ModelEntry; rule: ModelRule | null; isVouched: boolean; isKnown: boolean },
): Weighed['why'] {
  if (entry.lifecycle.is === 'retired') return 'model.retired'
  if (rule?.isAllowed === false) return 'model.not-allowed'
  if (!isVouched) {
    if (!isKnown || !entry.dialects.includes(dialect)) return 'model.not-allowed'
    const isOwn = provider === CUSTOM_PROVIDER
    if (isOwn && customModels.length > 0) return 'model.not-allowed'
    // A mirror offers of its vendor's models what it serves, as far as it has said so.
    if (isOwn && listed && listed.length > 0 && !listed.includes(entry.id)) return 'model.not-allowed'
  }
  if (scope && entry.scopes && !entry.scopes.includes(scope)) return 'model.not-allowed'
  return entry.price === null && rules.unpriced.is === 'refuse' ? 'model.unpriced' : null
}

/** Every id that could be offered: named by its owner or built in, and what the rules add. */
export function candidates(query: Offer): Set<string> {
  const { provider, server = null, customModels = [] } = query
  const isNamed = provider === CUSTOM_PROVIDER && customModels.length > 0
  const own = isNamed ? customModels : (byProvider.get(catalogProvider(query)) ?? []).map((entry) => entry.id)
  const added = [...rulesOn(query).values()]
    .filter((rule) => rule.provider === provider && rule.server === server && rule.isAllowed === true)
    .map((rule) => rule.model)
  return new Set([...own, ...added])
}

/** The menu: what a person may choose, current models first, in the order of the data. */
export function modelsFor(query: ModelQuery): ModelEntry[] {
  const offered = [...candidates(query)].flatMap((id) => {
    const weighed = conversational(weigh(query, id))
    return weighed?.why === null ? [weighed.entry] : []
  })
  return [...offered.filter((each) => each.lifecycle.is === 'current'), ...offered.filter((each) => each.lifecycle.is !== 'current')]
}

/**
 * `entry.price` is what a request costs. `isBackground`: only its harness asks for it, behind a person's back, so what
 * becomes of it is no failure of their turn.
 */
export type ModelVerdict =
  | { ok: true; entry: ModelEntry; isBackground: boolean }
  | { ok: false; code: Extract<FailureCode, `model.${string}`>; successor: string | null; isBackground: boolean }

/**
 * The allowlist: the menu, and what a harness asks for by itself (titles, routing) where no setting of its points it
 * elsewhere. The latter passes although a team has hidden it: a hidden model is one that nobody chooses, and a session
 * that dies of its title helps nobody. It is metered and priced like any other.
 */
export function allows(query: ModelQuery, id: string): ModelVerdict {
  const weighed = conversational(weigh(query, id))
  if (weighed?.why === null) return { ok: true, entry: weighed.entry, isBackground: false }
  const isBackground = query.harness.backgroundModels.includes(id)
  if (isBackground && weighed?.why === 'model.not-allowed') return { ok: true, entry: weighed.entry, isBackground }
  return refusal(query, weighed, isBackground)
}

/** A model that embeds does not talk, whatever else is said of it. */
const conversational = (weighed: Weighed | null): Weighed | null =>
  weighed?.entry.kind === 'embedding' ? { ...weighed, why: weighed.why ?? 'model.not-allowed' } : weighed

function refusal(query: Offer, weighed: Weighed | null, isBackground = false): ModelVerdict {
  const code = weighed?.why ?? 'model.unknown'
  return { ok: false, code, successor: weighed && code === 'model.retired' ? successorOf(query, weighed.entry) : null, isBackground }
}

/** The first in the line of successors that can be chosen here. */
function successorOf(query: Offer, { id, lifecycle }: ModelEntry): string | null {
  const passed = new Set([id])
  let next = lifecycle.is === 'current' ? undefined : lifecycle.successor
  while (next !== undefined && !passed.has(next)) {
    passed.add(next)
    const weighed = weigh(query, next)
    if (!weighed || weighed.why === null) return weighed ? next : null
    const { lifecycle: its } = weighed.entry
    next = its.is === 'current' ? undefined : its.successor
  }
  return null
}

/**
 * The allowlist of the embeddings route: models that embed, and of those that nobody has described what somebody vouches
 * for. In no menu, since nobody talks with them.
 */
export function allowsEmbedding(query: ModelQuery, id: string): ModelVerdict {
  const weighed = weigh(query, id)
  const isDescribed = findModel(query, id) !== null && query.customModels?.includes(id) !== true
  if (weighed && isDescribed && weighed.entry.kind !== 'embedding')
    return refusal(query, { ...weighed, why: weighed.why ?? 'model.not-allowed' })
  return weighed?.why === null ? { ok: true, entry: weighed.entry, isBackground: false } : refusal(query, weighed)
}

/** The same, asked for at another price than the list's, which nobody here knows: the team's word on models without a price holds. */
export function offTariff({ rules = noRules }: Offer, verdict: ModelVerdict): ModelVerdict {
  if (!verdict.ok) return verdict
  if (rules.unpriced.is === 'refuse') return { ok: false, code: 'model.unpriced', successor: null, isBackground: verdict.isBackground }
  return { ...verdict, entry: { ...verdict.entry, price: null } }
}

/** What a harness gets when nobody chose: its own preference where it is offered, else the head of the menu. */
export function defaultModel(query: ModelQuery): ModelEntry | null {
  const menu = modelsFor(query)
  const preferred = query.harness.preferredModels.find((id) => menu.some((entry) => entry.id === id))
  return menu.find((entry) => entry.id === preferred) ?? menu[0] ?? null
}

/**
 * What a model costs with the rules laid over it, whether it is offered or not: what was used stays priced once it is hidden.
 * Null when unknown, which is not the same as nothing.
 */
export const priceOf = (query: Offer, id: string): Price | null => weigh(query, id)?.entry.price ?? null
