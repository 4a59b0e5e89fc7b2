/**
 * What the proxy knows of a run: whose it is, what it may ask for, where, and the key that it spends.
 * From: `kept-runs.ts`, which keeps it. Next: `server/connections/resolver.ts` opens the key.
 */
import type { Scope } from '#core/connections/connection.ts'
import type { Harness } from '#core/harnesses/harness.ts'
import { findHarness } from '#core/harnesses/registry.ts'
import { ChatId } from '#core/ids.ts'
import type { ModelQuery } from '#core/models/catalog.ts'
import type { ModelRules } from '#core/models/rules.ts'
import { Dialect } from '#core/providers/dialects.ts'
import type { Endpoint } from '#core/providers/provider.ts'
import { openCredential, type OpenedCredential } from '#server/connections/resolver.ts'
import { rulesFor } from '#server/models/rules.ts'
import { spellingsOf } from '#server/proxy/redact.ts'
import type { RunRow } from '#server/proxy/store.ts'

export type ProxiedRun = {
  runId: string
  chatId: ChatId
  teamId: string
  projectId: string
  harness: Harness
  provider: string
  dialect: Dialect
  scope: Scope
  /** Whose prompt is under way, else who started the chat; a moment late when another's has just begun. */
  spenderId: string
  credentialId: string
  credentialVersion: number
  isBroken: boolean
  /** Where the provider of the pinned credential answers in this run's dialect. */
  endpoint: Endpoint
  /** Whose part of the catalog is open to it, with the team's rules of a moment ago. */
  models: ModelQuery
  /** How many tokens a day its team spends on models without a price; null where it refuses these. */
  unpricedDailyTokens: number | null
  key: string
  /** The key as it may stand in what an upstream says. */
  keySpellings: readonly string[]
}

/** What many runs have in common: read again only when its state, which stands in each run's row, is another one. */
const credentials = new Map<string, OpenedCredential>()
const rules = new Map<string, ModelRules>()

const credentialKey = ({ credentialId, credentialVersion, credentialState }: RunRow) =>
  `${credentialId} ${credentialVersion} ${credentialState}`
const rulesKey = ({ teamId, rulesState }: RunRow) => `${teamId} ${rulesState}`

/** Null when what it was pinned to has gone meanwhile. */
export async function runOf(row: RunRow): Promise<ProxiedRun | 'unreadable' | null> {
  const harness = findHarness(row.harness)
  const dialect = Dialect.safeParse(row.dialect)
  if (!harness || !dialect.success) return null
  const [opened, laid] = await Promise.all([
    credentials.get(credentialKey(row)) ?? openCredential({ credentialId: row.credentialId, version: row.credentialVersion }),
    rules.get(rulesKey(row)) ?? rulesFor(row.teamId),
  ])
  if (opened.is === 'unreadable') return 'unreadable'
  if (opened.is === 'revoked') return null
  const endpoint = opened.endpoints.find((each) => each.dialect === dialect.data)
  if (!endpoint || opened.provider !== row.provider) return null
  credentials.set(credentialKey(row), opened)
  rules.set(rulesKey(row), laid)
  return {
    ...row,
    chatId: ChatId.parse(row.chatId),
    harness,
    dialect: dialect.data,
    isBroken: row.brokenCode !== null,
    endpoint,
    models: { harness, provider: row.provider, dialect: dialect.data, scope: row.scope, rules: laid, ...opened.catalog },
    unpricedDailyTokens: laid.unpriced.is === 'cap' ? laid.unpriced.dailyTokens : null,
    key: opened.secret,
    keySpellings: spellingsOf(opened.secret),
  }
}

/** A key that no run spends any more is not kept. */
export function forgetAllBut(rows: readonly RunRow[]): void {
  const [spent, asked] = [new Set(rows.map(credentialKey)), new Set(rows.map(rulesKey))]
  for (const key of credentials.keys()) if (!spent.has(key)) credentials.delete(key)
  for (const key of rules.keys()) if (!asked.has(key)) rules.delete(key)
}
