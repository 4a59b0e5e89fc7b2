/**
 * The run behind a workspace token, with the key that it spends. Kept for a moment, since
 * an agent asks often; a revocation acts within five seconds, and cuts streams that are open.
 * Next: `handler.ts`.
 */
import type { Scope } from '#core/connections/connection.ts'
import type { Harness } from '#core/harnesses/harness.ts'
import { findHarness } from '#core/harnesses/registry.ts'
import { ChatId } from '#core/ids.ts'
import type { ModelQuery } from '#core/models/catalog.ts'
import { Dialect } from '#core/providers/dialects.ts'
import type { Endpoint } from '#core/providers/provider.ts'
import { openCredential } from '#server/connections/resolver.ts'
import { hashToken } from '#server/db/mint.ts'
import { log } from '#server/log.ts'
import { rulesFor } from '#server/models/rules.ts'
import { findLiveRun, stillLive } from '#server/proxy/store.ts'

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
}

const KEPT_MS = 2_000
const KEPT_MAX = 2_000

type Kept = { until: number; run: Promise<ProxiedRun | 'unreadable' | null> }
/** By the token's hash: the token itself is nowhere kept. */
const kept = new Map<string, Kept>()

/** Null when the token is unknown, or what it stood for has ended; nobody outside learns which. */
export function findRun(token: string): Promise<ProxiedRun | 'unreadable' | null> {
  const hash = hashToken(token)
  const name = hash.toString('base64')
  const known = kept.get(name)
  if (known && known.until > Date.now()) return known.run
  const run = load(hash)
  kept.delete(name)
  kept.set(name, { until: Date.now() + KEPT_MS, run })
  if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value!)
  // Neither a failed query nor a token that nobody knows is worth remembering.
  run.then(
    (found) => found ?? kept.delete(name),
    () => kept.delete(name),
  )
  return run
}

async function load(hash: Buffer): Promise<ProxiedRun | 'unreadable' | null> {
  const row = await findLiveRun(hash)
  if (!row) return null
  const harness = findHarness(row.harness)
  const dialect = Dialect.safeParse(row.dialect)
  if (!harness || !dialect.success) return null
  const [opened, rules] = await Promise.all([
    openCredential({ credentialId: row.credentialId, version: row.credentialVersion }),
    rulesFor(row.teamId),
  ])
  if (opened.is === 'unreadable') return 'unreadable'
  if (opened.is === 'revoked') return null
  const endpoint = opened.endpoints.find((each) => each.dialect === dialect.data)
  if (!endpoint || opened.provider !== row.provider) return null
  return {
    ...row,
    chatId: ChatId.parse(row.chatId),
    harness,
    dialect: dialect.data,
    isBroken: row.brokenCode !== null,
    endpoint,
    models: { harness, provider: row.provider, dialect: dialect.data, scope: row.scope, rules, ...opened.catalog },
    unpricedDailyTokens: rules.unpriced.is === 'cap' ? rules.unpriced.dailyTokens : null,
    key: opened.secret,
  }
}

// --- revocation --------------------------------------------------------------------------------------------

/** What is under way for each run, and how to end it. */
const underWay = new Map<string, Set<Cut>>()

/** Ends one exchange; the words are for the agent. */
type Cut = (why: string) => void

/** @returns to be called when the exchange is over */
export function watch(runId: string, cut: Cut): () => void {
  const cuts = underWay.get(runId) ?? new Set()
  underWay.set(runId, cuts.add(cut))
  return () => {
    cuts.delete(cut)
    if (cuts.size === 0 && underWay.get(runId) === cuts) underWay.delete(runId)
  }
}

/** The run may spend no more: at once, streams that are open included. For whoever ends a run. */
export function forgetRun(runId: string): void {
  // The few tokens that are kept are cheaper to ask for again than to search.
  kept.clear()
  for (const cut of underWay.get(runId) ?? []) cut('This run has ended in Gatehouse.')
}

/** Before this process goes: whoever still listens is told why the stream ends. */
export function cutEverything(): void {
  for (const cuts of underWay.values()) for (const cut of cuts) cut('Gatehouse is restarting.')
}

/** What a run may ask for has changed: every request that begins from now on is judged anew. What is under way goes on. */
export const forgetRules = (): void => kept.clear()

/** Ends what is under way for runs whose right to spend has ended by other hands: a removed member, a replaced key. */
export async function recheckRuns(): Promise<void> {
  kept.clear()
  if (underWay.size === 0) return
  const asked = [...underWay.keys()]
  const live = await stillLive(asked)
  for (const runId of asked) if (!live.has(runId)) forgetRun(runId)
}

const RECHECK_MS = 2_500

/** @returns to stop it */
export function recheckRegularly(): () => void {
  const timer = setInterval(() => {
    if (underWay.size > 0) recheckRuns().catch((error: unknown) => log.warn({ err: error }, 'Open model requests could not be checked'))
  }, RECHECK_MS)
  timer.unref()
  return () => clearInterval(timer)
}
