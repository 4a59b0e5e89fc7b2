/**
 * What people say about models on top of the built-in list: an instance for all of its teams, a team for itself.
 * Pure: `server/models/rules.ts` reads the rows, `catalog.ts` lays them over its entries, so that the menu, the proxy and
 * the bill see one and the same result.
 */
import type { Scope } from '#core/connections/connection.ts'
import type { ModelEntry, Rates } from '#core/models/model.ts'

/** Which model is meant. `server` is the host of a custom provider, since two servers of one's own are two providers. */
export type ModelKey = { provider: string; server: string | null; model: string }

/** Null leaves a field as the list has it. */
export type ModelRule = ModelKey & {
  isAllowed: boolean | null
  name: string | null
  /** All four zero: free, which is not unknown. */
  price: Rates | null
  /** The only scopes whose connections may use it. */
  scopes: readonly Scope[] | null
  /** Whoever asks for it is told the successor. */
  retirement: { successor: string | null } | null
}

/** What becomes of a model whose price nobody knows. */
export type UnpricedPolicy = { is: 'refuse' } | { is: 'cap'; dailyTokens: number }

/**
 * Two million tokens are about one long day of one agent: nobody is stopped at work, and what is spent unseen in a day
 * stays near ten dollars at what the large models of today cost.
 */
export const USUAL_DAILY_TOKENS = 2_000_000

export type ModelRules = {
  byKey: ReadonlyMap<string, ModelRule>
  /** The same for what the instance pays: its connections. */
  onPlatform: ReadonlyMap<string, ModelRule>
  unpriced: UnpricedPolicy
}

export const usualPolicy: UnpricedPolicy = { is: 'cap', dailyTokens: USUAL_DAILY_TOKENS }
export const noRules: ModelRules = { byKey: new Map(), onPlatform: new Map(), unpriced: usualPolicy }

export const keyOf = ({ provider, server, model }: ModelKey): string => JSON.stringify([provider, server, model])

export const emptyRule = ({ provider, server, model }: ModelKey): ModelRule => ({
  provider,
  server,
  model,
  isAllowed: null,
  name: null,
  price: null,
  scopes: null,
  retirement: null,
})

/** A rule that says nothing is none. */
export const isEmpty = ({ isAllowed, name, price, scopes, retirement }: ModelRule): boolean =>
  [isAllowed, name, price, scopes, retirement].every((each) => each === null)

/**
 * The team's own word counts, field by field; where it says nothing, the instance's. On a connection of the instance it is
 * the other way round: whoever pays for a model says whether it is to be had and what it costs, and a team may only narrow that.
 */
export function layRules({
  instance,
  team,
  unpriced,
}: {
  instance: readonly ModelRule[]
  team: readonly ModelRule[]
  unpriced: UnpricedPolicy
}): ModelRules {
  const ofInstance = new Map(instance.map((rule) => [keyOf(rule), rule]))
  const [byKey, onPlatform] = [new Map(ofInstance), new Map(ofInstance)]
  for (const rule of team) {
    const key = keyOf(rule)
    const below = ofInstance.get(key)
    byKey.set(key, below ? laid(rule, below) : rule)
    onPlatform.set(key, narrowed(below ?? emptyRule(rule), rule))
  }
  return { byKey, onPlatform, unpriced }
}

/** Whoever allows a model anew takes back its retirement below, and the other way round. */
const laid = (rule: ModelRule, below: ModelRule): ModelRule => ({
  ...rule,
  isAllowed: rule.isAllowed ?? below.isAllowed,
  name: rule.name ?? below.name,
  price: rule.price ?? below.price,
  scopes: rule.scopes ?? below.scopes,
  retirement: rule.retirement ?? (rule.isAllowed === true ? null : below.retirement),
})

const narrowed = (rule: ModelRule, by: ModelRule): ModelRule => ({
  ...rule,
  isAllowed: by.isAllowed === false ? false : rule.isAllowed,
  name: by.name ?? rule.name,
  scopes: by.scopes === null ? rule.scopes : by.scopes.filter((each) => rule.scopes?.includes(each) ?? true),
  retirement: rule.retirement ?? by.retirement,
})

/** An entry as the rule makes it. */
export function ruled(entry: ModelEntry, rule: ModelRule | null): ModelEntry {
  if (!rule) return entry
  const { name, price, scopes, retirement } = rule
  return {
    ...entry,
    ...(retirement && { lifecycle: { is: 'retired' as const, ...(retirement.successor !== null && { successor: retirement.successor }) } }),
    ...(name !== null && { name }),
    ...(price !== null && { price }),
    ...(scopes !== null && { scopes }),
  }
}
