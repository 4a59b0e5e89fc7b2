/**
 * The catalog as an admin looks at it: by provider, with what is offered, what is not and why, and what a provider
 * serves that nobody here has decided on. The verdict on each model is `catalog.ts`'s own, so that the page cannot say
 * anything else than the menu and the proxy.
 */
import { candidates, findModel, weigh, type Offer, type Weighed } from '#core/models/catalog.ts'
import type { ModelEntry } from '#core/models/model.ts'
import { keyOf, type ModelRules } from '#core/models/rules.ts'
import type { Provider } from '#core/providers/provider.ts'

export type Overview = {
  models: (Weighed & { builtIn: ModelEntry | null })[]
  /** Upstream ids, as the provider lists them. */
  undecided: string[]
}

/** @param offers one per endpoint of the provider, or per connection to a server of one's own; never empty */
export function overviewOf(offers: readonly Offer[], listed: readonly string[]): Overview {
  const byId = new Map<string, Overview['models'][number]>()
  for (const offer of offers) {
    for (const id of [...candidates(offer), ...ruledIn(offer)]) {
      const weighed = weigh(offer, id)
      if (weighed && isElsewhere(offer, weighed)) continue
      const before = byId.get(id)
      // What one of them offers is offered, whatever the next one says.
      if (weighed && (!before || (before.why !== null && weighed.why === null))) byId.set(id, { ...weighed, builtIn: findModel(offer, id) })
    }
  }
  return { models: [...byId.values()], undecided: listed.filter((id) => !byId.has(id)) }
}

/** A model of the dialect's vendor that this server of one's own does not serve or was not connected for, and that no rule speaks of. */
const isElsewhere = ({ provider, server = null, rules }: Offer, { entry, why }: Weighed): boolean =>
  server !== null &&
  (why === 'model.not-allowed' || why === 'model.retired') &&
  !rules?.byKey.has(keyOf({ provider, server, model: entry.id }))

const ruledIn = ({ provider, server = null, rules }: Offer): string[] =>
  [...(rules?.byKey.values() ?? [])].filter((rule) => rule.provider === provider && rule.server === server).map((rule) => rule.model)

/** A preset in each of its dialects. */
export const offersOf = ({ id, endpoints }: Provider, rules: ModelRules): Offer[] =>
  endpoints.map(({ dialect }) => ({ provider: id, dialect, rules }))
