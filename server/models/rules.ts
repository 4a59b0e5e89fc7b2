/**
 * What the catalog is asked with besides the connection: a team's rules and policy, and what a server of one's own says
 * that it serves. Read anew by whoever asks, so that a change acts everywhere at once; the proxy hears of one, and sees it
 * within seconds all the same (`server/proxy/kept-runs.ts`).
 * A door of this noun: the resolver, the chats, the proxy and the reports come here. Next: `core/models/rules.ts`, which lays them.
 */
import { layRules, usualPolicy, type ModelRules, type UnpricedPolicy } from '#core/models/rules.ts'
import { findListed } from '#server/models/listing-store.ts'
import { findPolicy, findRules } from '#server/models/rules-store.ts'

export async function rulesFor(teamId: string): Promise<ModelRules> {
  const [rules, dailyTokens] = await Promise.all([findRules(teamId), findPolicy(teamId)])
  return layRules({
    instance: rules.filter((each) => each.isOfInstance),
    team: rules.filter((each) => !each.isOfInstance),
    unpriced: policyOf(dailyTokens),
  })
}

/** `undefined`: nobody has said; `null`: refuse. */
export function policyOf(dailyTokens: number | null | undefined): UnpricedPolicy {
  if (dailyTokens === undefined) return usualPolicy
  return dailyTokens === null ? { is: 'refuse' } : { is: 'cap', dailyTokens }
}

/** Null when the server behind this version of the credential was not asked yet, or has not answered. */
export const listedBy = (pinned: { credentialId: string; version: number }): Promise<readonly string[] | null> => findListed(pinned)
