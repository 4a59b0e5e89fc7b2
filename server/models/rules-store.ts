/** Rules and policy in plain SQL, since the proxy asks for them: a team's own and the instance's. */
import type { Scope } from '#core/connections/connection.ts'
import { isEmpty, type ModelKey, type ModelRule } from '#core/models/rules.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { record, type NewAuditEntry } from '#server/audit/service.ts'
import { inTransaction, pool } from '#server/db/client.ts'

const INSTANCE = 'platform'

export type StoredRule = ModelRule & { isOfInstance: boolean; setBy: string; setAt: Date }

/** Whose word it is: `platform` is the instance's. */
export type RulePlace = 'team' | 'platform'

type Row = {
  scopeKey: string
  provider: string
  server: string
  model: string
  isAllowed: boolean | null
  name: string | null
  inputMicros: number | null
  outputMicros: number | null
  cacheReadMicros: number | null
  cacheWriteMicros: number | null
  scopes: Scope[]
  isRetired: boolean
  successor: string | null
  setBy: string
  setAt: Date
}

const COLUMNS = `"scopeKey", provider, server, model, "isAllowed", name, "inputMicros", "outputMicros", "cacheReadMicros",
  "cacheWriteMicros", scopes::text[] as scopes, "isRetired", successor, "setBy", "setAt"`

const toRule = (row: Row): StoredRule => {
  const { provider, server, model, isAllowed, name, inputMicros, outputMicros, cacheReadMicros, cacheWriteMicros, setBy, setAt } = row
  const isPriced = inputMicros !== null && outputMicros !== null && cacheReadMicros !== null && cacheWriteMicros !== null
  return {
    provider,
    server: server || null,
    model,
    isAllowed,
    name,
    price: isPriced ? { input: inputMicros, output: outputMicros, cacheRead: cacheReadMicros, cacheWrite: cacheWriteMicros } : null,
    scopes: row.scopes.length > 0 ? row.scopes : null,
    retirement: row.isRetired ? { successor: row.successor } : null,
    isOfInstance: row.scopeKey === INSTANCE,
    setBy,
    setAt,
  }
}

/** The team's and the instance's, each as it stands. */
export async function findRules(teamId: string): Promise<StoredRule[]> {
  const { rows } = await pool().query<Row>(`select ${COLUMNS} from model_rule where "scopeKey" in ($1, $2)`, [teamId, INSTANCE])
  return rows.map(toRule)
}

/** Undefined when the team has said nothing. */
export async function findPolicy(teamId: string): Promise<number | null | undefined> {
  const { rows } = await pool().query<{ dailyTokens: number | null }>('select "dailyTokens" from model_policy where "teamId" = $1', [
    teamId,
  ])
  return rows[0]?.dailyTokens
}

type Change = { key: ModelKey; place: RulePlace; entry: NewAuditEntry }

/** What `change` makes of the rule that stands there; an empty rule is none. */
export async function writeRule(
  { teamId, userId }: TeamScope,
  { key, place, entry }: Change,
  change: (former: ModelRule | null) => ModelRule,
): Promise<void> {
  const scopeKey = place === 'team' ? teamId : INSTANCE
  const where = [scopeKey, key.provider, key.server ?? '', key.model]
  await inTransaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`model-rule/${where.join('/')}`])
    const { rows } = await tx.query<Row>(
      `select ${COLUMNS} from model_rule where "scopeKey" = $1 and provider = $2 and server = $3 and model = $4`,
      where,
    )
    const rule = change(rows[0] ? toRule(rows[0]) : null)
    await tx.query('delete from model_rule where "scopeKey" = $1 and provider = $2 and server = $3 and model = $4', where)
    if (!isEmpty(rule)) {
      const { isAllowed, name, price, scopes, retirement } = rule
      await tx.query(
        `insert into model_rule ("scopeKey", provider, server, model, "teamId", "isAllowed", name, "inputMicros", "outputMicros",
                                 "cacheReadMicros", "cacheWriteMicros", scopes, "isRetired", successor, "setBy")
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::scope[], $13, $14, $15)`,
        [
          ...where,
          place === 'team' ? teamId : null,
          isAllowed,
          name,
          price?.input ?? null,
          price?.output ?? null,
          price?.cacheRead ?? null,
          price?.cacheWrite ?? null,
          scopes ?? [],
          retirement !== null,
          retirement?.successor ?? null,
          userId,
        ],
      )
    }
    await record(tx, entry)
  })
}

/** `dailyTokens` null: refuse. */
export async function writePolicy({ teamId, userId }: TeamScope, dailyTokens: number | null, entry: NewAuditEntry): Promise<void> {
  await inTransaction(async (tx) => {
    await tx.query(
      `insert into model_policy ("teamId", "dailyTokens", "setBy") values ($1, $2, $3)
       on conflict ("teamId") do update set "dailyTokens" = excluded."dailyTokens", "setBy" = excluded."setBy", "setAt" = now()`,
      [teamId, dailyTokens, userId],
    )
    await record(tx, entry)
  })
}
