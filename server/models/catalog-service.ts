/**
 * The page of models: every provider that the catalog knows or the team has connected, each model with the verdict that
 * menu and proxy give, what an admin has said of it, who used it lately, and what its provider serves beyond that.
 * From: `router.ts`. Next: `core/models/overview.ts`.
 */
import type { Scope } from '#core/connections/connection.ts'
import { isFailureCode, type FailureCode } from '#core/errors.ts'
import type { Offer } from '#core/models/catalog.ts'
import type { Capability, Lifecycle, ModelEntry } from '#core/models/model.ts'
import { offersOf, overviewOf, type Overview } from '#core/models/overview.ts'
import { keyOf, type ModelRules } from '#core/models/rules.ts'
import { providers } from '#core/providers/presets.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { keysInReach, type ReachableKey } from '#server/connections/keys.ts'
import { findListings, type ListedModel, type Listing } from '#server/models/listing-store.ts'
import { describePrice, type PriceView } from '#server/models/price-view.ts'
import { findRules, type StoredRule } from '#server/models/rules-store.ts'
import { rulesFor } from '#server/models/rules.ts'
import { findUse, type ModelUse } from '#server/models/use-store.ts'

export type CatalogModel = {
  id: string
  name: string
  lifecycle: Lifecycle['is']
  successor: string | null
  contextTokens: number
  outputTokens: number
  capabilities: readonly Capability[]
  /** Answers the embeddings route, and stands in no menu. */
  isEmbedding: boolean
  price: PriceView | null
  /** What the built-in catalog says, where a rule says otherwise. */
  builtInPrice: PriceView | null
  hasOwnPrice: boolean
  /** The only scopes that may use it; null: all. */
  scopes: readonly Scope[] | null
  /** Why it is in no menu; null when it is offered. */
  code: FailureCode | null
  /** Not in the built-in catalog. */
  isAdded: boolean
  /** Whose word stands on it: the team's covers the instance's. */
  ruledBy: 'team' | 'platform' | null
  use: { calls: number; lastAt: string; people: string[] } | null
}

export type CatalogProvider = {
  provider: string
  server: string | null
  name: string
  isConnected: boolean
  /** What was learned when it was asked; null when it was not. `code`: why the last time gave nothing. */
  listing: { listedAt: string | null; askedAt: string; code: FailureCode | null } | null
  models: CatalogModel[]
  /** What it serves and nobody here has decided on. */
  undecided: ListedModel[]
}

export type Catalog = { providers: CatalogProvider[]; mayRule: boolean; mayRuleInstance: boolean }

export async function readCatalog(scope: TeamScope): Promise<Catalog> {
  const { teamId, role, isInstanceOwner } = scope
  const [rules, stored, keys, use] = await Promise.all([rulesFor(teamId), findRules(teamId), keysInReach(scope), findUse(scope)])
  const listings = await findListings(keys.map((key) => key.credentialId))
  const around = { rules, stored, listings, use }
  const presets = providers.map((preset) => {
    const own = keys.filter((key) => key.provider === preset.id)
    return describe({ provider: preset.id, server: null, name: preset.name, keys: own, offers: offersOf(preset, rules) }, around)
  })
  const servers = [...Map.groupBy(keys, (key) => key.server)].flatMap(([server, own]) =>
    server === null
      ? []
      : [describe({ provider: own[0]!.provider, server, name: server, keys: own, offers: own.map((key) => offerOf(key, around)) }, around)],
  )
  const all = [...servers, ...presets]
  return {
    providers: [...all.filter((each) => each.isConnected), ...all.filter((each) => !each.isConnected)],
    mayRule: role === 'admin',
    mayRuleInstance: role === 'admin' && isInstanceOwner,
  }
}

type Around = {
  rules: ModelRules
  stored: readonly StoredRule[]
  listings: ReadonlyMap<string, Listing>
  use: ReadonlyMap<string, ModelUse>
}

/** As the resolver asks for it (`server/connections/resolver.ts`), without a harness and a scope. */
function offerOf({ credentialId, provider, server, endpoint, models }: ReachableKey, { rules, listings }: Around): Offer {
  const listed = models.length === 0 ? (listings.get(credentialId)?.models.map(({ id }) => id) ?? null) : null
  return { provider, server, dialect: endpoint.dialect, customModels: models, listed, rules }
}

type Group = { provider: string; server: string | null; name: string; keys: readonly ReachableKey[]; offers: readonly Offer[] }

function describe({ provider, server, name, keys, offers }: Group, around: Around): CatalogProvider {
  const asked = keys.flatMap((key) => around.listings.get(key.credentialId) ?? [])
  const listed = new Map(asked.flatMap(({ models }) => models).map((model) => [model.id, model]))
  const { models, undecided } = overviewOf(offers, [...listed.keys()])
  return {
    provider,
    server,
    name,
    isConnected: keys.length > 0,
    listing: latest(asked),
    models: models.map((model) => describeModel(model, { provider, server }, around)),
    undecided: undecided.map((id) => listed.get(id)!),
  }
}

function latest(asked: readonly Listing[]): CatalogProvider['listing'] {
  if (asked.length === 0) return null
  const newest = asked.toSorted((a, b) => b.askedAt.getTime() - a.askedAt.getTime())[0]!
  const listedAt = asked.map((each) => each.listedAt?.getTime() ?? 0).reduce((a, b) => Math.max(a, b))
  return {
    listedAt: listedAt === 0 ? null : new Date(listedAt).toISOString(),
    askedAt: newest.askedAt.toISOString(),
    code: isFailureCode(newest.failureCode) ? newest.failureCode : null,
  }
}

function describeModel(
  { entry, why, builtIn }: Overview['models'][number],
  place: { provider: string; server: string | null },
  { rules, stored, use }: Around,
): CatalogModel {
  const key = keyOf({ ...place, model: entry.id })
  const used = use.get(key)
  const standing = stored.filter((rule) => keyOf(rule) === key)
  return {
    id: entry.id,
    name: entry.name,
    ...lifeOf(entry),
    contextTokens: entry.contextTokens,
    outputTokens: entry.outputTokens,
    capabilities: entry.capabilities,
    isEmbedding: entry.kind === 'embedding',
    price: entry.price && describePrice(entry.price),
    builtInPrice: builtIn?.price ? describePrice(builtIn.price) : null,
    hasOwnPrice: rules.byKey.get(key)?.price != null,
    scopes: entry.scopes ?? null,
    code: why,
    isAdded: builtIn === null,
    ruledBy: standing.some((rule) => !rule.isOfInstance) ? 'team' : standing.length > 0 ? 'platform' : null,
    use: used ? { calls: used.calls, lastAt: used.lastAt.toISOString(), people: used.people } : null,
  }
}

const lifeOf = ({ lifecycle }: ModelEntry): Pick<CatalogModel, 'lifecycle' | 'successor'> => ({
  lifecycle: lifecycle.is,
  successor: lifecycle.is === 'current' ? null : (lifecycle.successor ?? null),
})
