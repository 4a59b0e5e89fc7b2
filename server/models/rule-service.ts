/**
 * An admin's word on models: which are allowed, what they are called and cost, which are retired, and what becomes of
 * those without a price. It acts on the next request everywhere (`rules.ts`).
 * From: `router.ts`. Next: `rules-store.ts`.
 */
import type { z } from 'zod'
import { DomainError } from '#core/errors.ts'
import { emptyRule, type ModelRule } from '#core/models/rules.ts'
import { providerName } from '#core/providers/presets.ts'
import type { TeamScope } from '#server/access/scope.ts'
import type { NewAuditEntry } from '#server/audit/service.ts'
import type { PolicyInput, RuleInput, RuleKeyInput } from '#server/models/rule-input.ts'
import { findPolicy, writePolicy, writeRule, type RulePlace } from '#server/models/rules-store.ts'
import { policyOf } from '#server/models/rules.ts'
import { hintList } from '#server/realtime/bus.ts'

type Key = z.infer<typeof RuleKeyInput>

/** @throws access.denied for the instance's word by anybody but its owner */
export async function setRule(scope: TeamScope, input: z.infer<typeof RuleInput>): Promise<void> {
  const { provider, server, model, for: place, ...said } = input
  demandPlace(scope, place)
  const key = { provider, server, model }
  await writeRule(scope, { key, place, entry: entryOf(scope, 'model.ruled', input, { change: inWords(said) }) }, (former) =>
    changed(former ?? emptyRule(key), said),
  )
  tell(scope, place)
}

/** Back to what stands below: for a team the instance's word, else the catalog's. @throws access.denied */
export async function clearRule(scope: TeamScope, input: Key): Promise<void> {
  const { provider, server, model, for: place } = input
  demandPlace(scope, place)
  const key = { provider, server, model }
  await writeRule(scope, { key, place, entry: entryOf(scope, 'model.unruled', input) }, () => emptyRule(key))
  tell(scope, place)
}

export type PolicyView = { unpriced: 'refuse'; dailyTokens: null } | { unpriced: 'cap'; dailyTokens: number }

export async function readPolicy({ teamId }: TeamScope): Promise<PolicyView> {
  const policy = policyOf(await findPolicy(teamId))
  return policy.is === 'cap' ? { unpriced: 'cap', dailyTokens: policy.dailyTokens } : { unpriced: 'refuse', dailyTokens: null }
}

export async function setPolicy(scope: TeamScope, input: z.infer<typeof PolicyInput>): Promise<void> {
  const dailyTokens = input.unpriced === 'cap' ? input.dailyTokens : null
  const change = dailyTokens === null ? 'they are refused' : `allowed up to ${dailyTokens.toLocaleString('en-US')} tokens a day`
  const { teamId, userId } = scope
  const subject = { kind: 'team', id: teamId } as const
  await writePolicy(scope, dailyTokens, { teamId, actorId: userId, act: 'model.policy-set', subject, facts: { change } })
  tell(scope, 'team')
}

type Said = { [K in 'isAllowed' | 'name' | 'price' | 'scopes' | 'retirement']?: ModelRule[K] | undefined }

/** Whoever allows a model takes back its retirement too, or the word would do nothing. */
function changed(former: ModelRule, said: Said): ModelRule {
  const told = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
  const isRevived = said.isAllowed === true && said.retirement === undefined
  return { ...former, ...told, ...(isRevived && { retirement: null }) }
}

/** For the audit log: `hidden, price set`. */
function inWords({ isAllowed, name, price, scopes, retirement }: Said): string {
  const words = [
    isAllowed === undefined ? null : isAllowed === null ? 'availability taken back' : isAllowed ? 'allowed' : 'hidden',
    retirement === undefined ? null : retirement === null ? 'no longer retired' : `retired${followedBy(retirement.successor)}`,
    price === undefined ? null : price === null ? 'price taken back' : 'price set',
    scopes === undefined ? null : scopes === null ? 'for every scope' : `only for ${scopes.join(', ')}`,
    name === undefined ? null : name === null ? 'name taken back' : 'renamed',
  ]
  return words.filter((each) => each !== null).join(', ')
}

const followedBy = (successor: string | null) => (successor === null ? '' : ` in favour of ${successor}`)

function demandPlace({ isInstanceOwner }: TeamScope, place: RulePlace): void {
  if (place === 'platform' && !isInstanceOwner) throw new DomainError('access.denied')
}

const entryOf = (
  { teamId, userId }: TeamScope,
  act: NewAuditEntry['act'],
  key: Key,
  facts: NewAuditEntry['facts'] = {},
): NewAuditEntry => ({
  teamId: key.for === 'team' ? teamId : null,
  actorId: userId,
  act,
  subject: { kind: 'model', id: `${key.server ?? key.provider}/${key.model}` },
  facts: {
    name: key.model,
    providerName: key.server ?? providerName(key.provider),
    ...(key.for === 'platform' && { scope: 'platform' }),
    ...facts,
  },
})

/** Menus, open pages and the proxies of every process. */
const tell = ({ teamId }: TeamScope, place: RulePlace): void => hintList({ teamId: place === 'team' ? teamId : null, topic: 'models' })
