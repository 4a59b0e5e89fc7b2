/**
 * One record per metered model request: opened by the proxy before it calls a provider,
 * settled from what the answer itself reports. Settling also tells the chat's log, so
 * that people see cost and failure where they happened.
 * From: `server/proxy/handler.ts`. Next: `opener.ts`, then `settler.ts`.
 */
import type { ServerFact } from '#core/chat/events.ts'
import type { FailureCode } from '#core/errors.ts'
import type { TurnId, UsageRecordId } from '#core/ids.ts'
import { estimatedMicros, estimatedTokens, unreportedMicros, unreportedTokens, type Estimate } from '#core/budgets/estimate.ts'
import type { Price } from '#core/models/catalog.ts'
import { costMicros, ratesFor, wholeInput } from '#core/models/cost.ts'
import { MAX_COUNT, noTokens, type TokenCounts } from '#core/models/usage.ts'
import type { Dialect } from '#core/providers/dialects.ts'
import { enterChat, enterProject, type TeamScope } from '#server/access/scope.ts'
import type { Reservation } from '#server/budgets/spending.ts'
import { mintUuid } from '#server/db/mint.ts'
import { thisProcess } from '#server/processes/service.ts'
import type { SettledRow } from '#server/usage/closing-store.ts'
import { hurry, noteAnswer, open } from '#server/usage/opener.ts'
import { settleOnce } from '#server/usage/settler.ts'
import { findRecords, type MeteredRequest, type UsageRow } from '#server/usage/store.ts'

export { drainUsage, startLedger } from '#server/usage/ledger.ts'
export { unsettled } from '#server/usage/settler.ts'
export { summarise } from '#server/usage/summary.ts'
export { sumCosts, type ChatCost, type UsageRow } from '#server/usage/store.ts'

/** What is known of its cost before it is sent. */
export type Spending = {
  /** Of the entry by which the model was admitted; null when nobody knows one. */
  price: Price | null
  estimate: Estimate
  /** A model without a price counts its tokens. */
  countsTokens: boolean
  reservation: Reservation | null
}

/** `spending` null: it is refused before anything was set aside for it. */
export type RecordOf = MeteredRequest & { dialect: Dialect; spending: Spending | null }

export type Ending = {
  outcome: SettledRow['outcome']
  /** What the provider answered; null when it did not. */
  status: number | null
  /** `detail` went through redaction already. */
  failure: { code: FailureCode; detail: string; facts?: Record<string, string | number> } | null
  /** What the answer reported; null when nothing of it could be read. */
  verdict: { tokens: TokenCounts | null; rawUsage: unknown; isComplete: boolean } | null
  firstByteMs: number | null
  durationMs: number
  /** Asked for by a harness behind a person's back: its failure is on the record and none of the turn's. */
  isBackground?: boolean
}

export type OpenRecord = {
  usageRecordId: UsageRecordId
  /** Before this nothing of an answer may leave; false: the request must fail. */
  durable: Promise<boolean>
  /** An answer waits for that. */
  hurry(): void
  /** Counts once. */
  settle(ending: Ending): void
}

/** A provider's report longer than this is none. */
const MAX_RAW_CHARACTERS = 20_000

export function openRecord(of: RecordOf): OpenRecord {
  const { spending } = of
  const usageRecordId = mintUuid() as UsageRecordId
  const startedAt = new Date()
  let isSettled = false
  const { durable, opened } = open({
    usageRecordId,
    of,
    startedAt,
    budgetMicros: spending?.price ? estimatedMicros(spending.price, spending.estimate) : null,
    budgetTokens: spending?.countsTokens ? estimatedTokens(spending.estimate) : null,
    processId: thisProcess(),
  })
  return {
    usageRecordId,
    durable,
    hurry,
    settle(ending) {
      if (isSettled) return
      isSettled = true
      if (ending.firstByteMs !== null) noteAnswer(ending.firstByteMs)
      const row = settledRow(spending, usageRecordId, ending)
      const reservation = spending?.reservation ?? null
      settleOnce({
        reservation,
        prepared: opened.then((found) => found && { of, startedAt, row, reservation, facts: factsOf(of, row, ending, found.turnId) }),
      })
    },
  }
}

function settledRow(
  spending: Spending | null,
  usageRecordId: UsageRecordId,
  { outcome, status, failure, verdict, firstByteMs, durationMs }: Ending,
): SettledRow {
  const tokens = verdict?.tokens ?? null
  const raw = verdict?.rawUsage ?? null
  const price = spending?.price ?? null
  const source = tokens === null ? 'none' : verdict?.isComplete ? 'provider' : 'partial'
  // Nothing reported is not nothing spent: the price of the unknown is unknown.
  const cost = tokens === null ? null : costMicros(price, tokens)
  return {
    usageRecordId,
    outcome,
    status,
    failureCode: failure?.code ?? null,
    source,
    tokens: tokens ?? noTokens,
    rawUsage: raw === null ? null : keepable(JSON.stringify(raw)),
    costMicros: cost,
    rates: price && tokens && ratesFor(price, wholeInput(tokens)),
    ...budgeted(spending, { outcome, status, source, tokens, durationMs, cost }),
    firstByteMs,
    durationMs,
  }
}

type Known = Pick<SettledRow, 'outcome' | 'status' | 'source' | 'durationMs'> & { tokens: TokenCounts | null; cost: number | null }

/** What budgets count: what was reported to the end, else what it may have cost; nothing when the provider did not begin to answer. */
function budgeted(
  spending: Spending | null,
  { outcome, status, source, tokens, durationMs, cost }: Known,
): Pick<SettledRow, 'budgetMicros' | 'budgetTokens'> {
  if (!spending) return { budgetMicros: null, budgetTokens: null }
  const { price, estimate, countsTokens } = spending
  const isFree = outcome === 'refused' || (tokens === null && outcome === 'failed' && (status === null || status >= 300))
  const isKnown = source === 'provider'
  const used = isKnown && tokens ? tokens : unreportedTokens(estimate, { tokens, durationMs })
  return {
    budgetMicros: price && (isFree ? 0 : isKnown ? cost : unreportedMicros(price, estimate, { tokens, durationMs })),
    budgetTokens: countsTokens ? (isFree ? 0 : Math.min(wholeInput(used) + used.outputTokens, MAX_COUNT)) : null,
  }
}

/** NUL, and halves of surrogate pairs, as JSON escapes them: PostgreSQL's jsonb refuses both. */
const UNKEEPABLE = /\\u(?:0000|d[89a-f])/i

const keepable = (json: string): string | null => (json.length <= MAX_RAW_CHARACTERS && !UNKEEPABLE.test(json) ? json : null)

function factsOf(of: MeteredRequest, row: SettledRow, { failure, isBackground }: Ending, turnId: TurnId | null): ServerFact[] {
  const facts: ServerFact[] = []
  const { provider, model } = of
  // A call that failed before it used anything has no place on a bill.
  if (row.source !== 'none' || row.outcome === 'completed' || row.outcome === 'aborted') {
    const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = row.tokens
    facts.push({
      type: 'usage.metered',
      turnId,
      usageRecordId: row.usageRecordId,
      provider,
      model,
      inputTokens,
      outputTokens,
      cacheReadTokens,
      cacheWriteTokens,
      costMicros: row.costMicros,
    })
  }
  if (failure && !isBackground) {
    facts.push({
      type: 'model.failed',
      turnId,
      provider,
      model,
      status: row.status,
      code: failure.code,
      ...(failure.facts && { facts: failure.facts }),
      ...(failure.detail && { detail: failure.detail }),
    })
  }
  return facts
}

// --- reading -----------------------------------------------------------------------------------------------

export type RecordsQuery = { projectId?: string | undefined; chatId?: string | undefined; limit: number }

/** @throws project.missing, chat.missing */
export async function readRecords(scope: TeamScope, { projectId, chatId, limit }: RecordsQuery): Promise<UsageRow[]> {
  if (projectId !== undefined) await enterProject(scope, { act: 'read', projectId })
  const chat = chatId === undefined ? null : await enterChat(scope, { act: 'read', chatId })
  return findRecords(scope, { projectId: projectId ?? null, chatId: chat?.chatId ?? null, limit })
}
