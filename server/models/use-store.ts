/**
 * Who has used which model lately, from what was metered. Of a chat that the reader does not see, and of one that is gone,
 * neither is told: who prompts there and what they choose is its creator's.
 */
import { serverOf } from '#core/providers/presets.ts'
import { keyOf } from '#core/models/rules.ts'
import { isSeenBy } from '#server/access/chat-privacy.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { pool } from '#server/db/client.ts'

export type ModelUse = { calls: number; lastAt: Date; people: string[] }

export const LATELY_DAYS = 7

/** By the model's key (`core/models/rules.ts`); what was refused was not used. */
export async function findUse({ teamId, userId }: TeamScope): Promise<Map<string, ModelUse>> {
  const { rows } = await pool().query<ModelUse & { provider: string; baseUrl: string | null; model: string }>(
    `select u.provider, k."baseUrl", u.model, count(*)::int as calls, max(u."startedAt") as "lastAt",
            coalesce(array_agg(distinct p.name) filter (where p.name is not null), '{}') as people
     from usage_record u join chat c on c.id = u."chatId" and ${isSeenBy('$3')}
     left join credential k on k.id = u."credentialId" left join "user" p on p.id = u."userId"
     where u."teamId" = $1 and u."startedAt" > now() - make_interval(days => $2) and u.outcome <> 'refused' and u.model is not null
     group by u.provider, k."baseUrl", u.model`,
    [teamId, LATELY_DAYS, userId],
  )
  const use = new Map<string, ModelUse>()
  for (const { provider, baseUrl, model, ...row } of rows) {
    const key = keyOf({ provider, server: serverOf(provider, baseUrl), model })
    const before = use.get(key)
    use.set(key, before ? joined(before, row) : row)
  }
  return use
}

/** Two base URLs may be one server. */
const joined = (one: ModelUse, other: ModelUse): ModelUse => ({
  calls: one.calls + other.calls,
  lastAt: one.lastAt > other.lastAt ? one.lastAt : other.lastAt,
  people: [...new Set([...one.people, ...other.people])],
})
