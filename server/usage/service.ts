/**
 * One record per metered model request: opened by the proxy before it calls a provider,
 * settled from what the answer itself reports. Settling also tells the chat's log, so
 * that people see cost and failure where they happened.
 * From: `server/proxy/handler.ts`. Next: `recorder.ts`, `server/chats/append.ts`.
 */
import type { ServerFact } from '#core/chat/events.ts'
import type { FailureCode } from '#core/errors.ts'
import { UsageRecordId, type TurnId } from '#core/ids.ts'
import { priceOf } from '#core/models/catalog.ts'
import { costMicros } from '#core/models/cost.ts'
import { noTokens, type TokenCounts } from '#core/models/usage.ts'
import type { Dialect } from '#core/providers/dialects.ts'
import { enterChat, enterProject, type TeamScope } from '#server/access/scope.ts'
import { mintUuid } from '#server/db/mint.ts'
import { log } from '#server/log.ts'
import { drain, enqueueOpened, enqueueSettled } from '#server/usage/recorder.ts'
import {
  closeAbandoned,
  findRecords,
  sumUsage,
  type OpenedRow,
  type SettledRow,
  type UsageRow,
  type UsageSummary,
} from '#server/usage/store.ts'

export type { UsageRow, UsageSummary } from '#server/usage/store.ts'

export type RecordOf = Omit<OpenedRow, 'usageRecordId' | 'startedAt' | 'dialect'> & { dialect: Dialect }

export type Ending = {
  outcome: SettledRow['outcome']
  /** What the provider answered; null when it did not. */
  status: number | null
  /** `detail` went through redaction already. */
  failure: { code: FailureCode; detail: string; /** Of a retired model. */ successor?: string } | null
  /** What the answer reported; null when nothing of it could be read. */
  verdict: { tokens: TokenCounts | null; rawUsage: unknown; isComplete: boolean } | null
  firstByteMs: number | null
  durationMs: number
  /** Asked for by a harness behind a person's back: its failure is on the record and none of the turn's. */
  isBackground?: boolean
}

export type OpenRecord = { usageRecordId: UsageRecordId; settle(ending: Ending): void }

/** A provider's report longer than this is none. */
const MAX_RAW_CHARACTERS = 20_000

/** Waits for nothing; `settle` counts once. */
export function openRecord(given: RecordOf): OpenRecord {
  const usageRecordId = UsageRecordId.parse(mintUuid())
  let isSettled = false
  enqueueOpened({ ...given, usageRecordId, startedAt: new Date() })
  return {
    usageRecordId,
    settle(ending) {
      if (isSettled) return
      isSettled = true
      const row = settledRow(given, usageRecordId, ending)
      enqueueSettled({ chatId: given.chatId, row, factsFor: (turnId) => factsOf(given, row, ending, turnId) })
    },
  }
}

function settledRow(
  given: RecordOf,
  usageRecordId: UsageRecordId,
  { outcome, status, failure, verdict, firstByteMs, durationMs }: Ending,
): SettledRow {
  const tokens = verdict?.tokens ?? null
  const raw = verdict?.rawUsage ?? null
  return {
    usageRecordId,
    outcome,
    status,
    failureCode: failure?.code ?? null,
    source: tokens === null ? 'none' : verdict?.isComplete ? 'provider' : 'partial',
    tokens: tokens ?? noTokens,
    rawUsage: isKeepable(raw) ? raw : null,
    // Nothing reported is not nothing spent: the price of the unknown is unknown.
    costMicros: tokens === null ? null : costMicros(priceOf(given, given.model), tokens),
    firstByteMs,
    durationMs,
  }
}

/** PostgreSQL's jsonb takes no NUL. */
function isKeepable(raw: unknown): boolean {
  const text = raw === null ? '' : JSON.stringify(raw)
  return text !== '' && text.length <= MAX_RAW_CHARACTERS && !text.includes('\\u0000')
}

function factsOf(given: RecordOf, row: SettledRow, { failure, isBackground }: Ending, turnId: TurnId | null): ServerFact[] {
  const facts: ServerFact[] = []
  const { provider, model } = given
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
      ...(failure.detail && { detail: failure.detail }),
      ...(failure.successor && { successor: failure.successor }),
    })
  }
  return facts
}

/** At the end of a process: everything that was settled is written. */
export const drainUsage = (): Promise<void> => drain()

/** At the start of a process: nobody will settle what another one left open an hour ago. */
export async function closeAbandonedRecords(): Promise<void> {
  const closed = await closeAbandoned({ olderThanMinutes: 60 })
  if (closed > 0) log.info({ closed }, 'Closed usage records that nobody settled')
}

// --- reading -----------------------------------------------------------------------------------------------

export type RecordsQuery = { projectId?: string | undefined; chatId?: string | undefined; limit: number }

/** @throws project.missing, chat.missing */
export async function readRecords(scope: TeamScope, { projectId, chatId, limit }: RecordsQuery): Promise<UsageRow[]> {
  if (projectId !== undefined) await enterProject(scope, { act: 'read', projectId })
  const chat = chatId === undefined ? null : await enterChat(scope, { act: 'read', chatId })
  return findRecords(scope, { projectId: projectId ?? null, chatId: chat?.chatId ?? null, limit })
}

/** @throws project.missing */
export async function summarise(
  scope: TeamScope,
  { projectId, days }: { projectId?: string | undefined; days: number },
): Promise<UsageSummary> {
  if (projectId !== undefined) await enterProject(scope, { act: 'read', projectId })
  return sumUsage(scope, { projectId: projectId ?? null, days })
}
