/** Settled records for tests of reports: the columns that matter, everything else as it usually is. */
import { pool } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import type { ChatScope } from '#server/access/scope.ts'

export type Metered = Partial<{
  at: string
  userId: string | null
  harness: string
  provider: string
  model: string | null
  credentialId: string
  via: 'proxy' | 'login'
  outcome: 'open' | 'completed' | 'failed' | 'aborted' | 'refused' | 'unknown'
  source: 'provider' | 'partial' | 'none'
  input: number
  output: number
  read: number
  write: number
  costMicros: number | null
}>

/** Writes them in one statement; their ids, in order. */
export async function seedRecords(scope: ChatScope, records: readonly Metered[]): Promise<string[]> {
  const rows = records.map((given) => ({
    id: mintUuid(),
    at: '2026-03-10T12:00:00.000Z',
    userId: scope.userId as string | null,
    harness: 'claude-code',
    provider: 'anthropic',
    model: 'claude-opus-5-5',
    credentialId: 'credential',
    outcome: 'completed',
    via: 'proxy',
    source: 'provider',
    input: 100,
    output: 10,
    read: 0,
    write: 0,
    costMicros: 1_000,
    ...given,
  }))
  await pool().query(
    `insert into usage_record (id, "teamId", "projectId", "chatId", "runId", dialect, "credentialVersion", route, "userId", harness, provider, model,
       "credentialId", outcome, via, source, "inputTokens", "outputTokens", "cacheReadTokens", "cacheWriteTokens", "costMicros", "startedAt")
     select r.id, $2, $3, $4, gen_random_uuid(), 'anthropic-messages', 1, 'r', r."userId", r.harness, r.provider, r.model, r."credentialId",
       r.outcome::usage_outcome, r.via::usage_via, r.source::usage_source, r.input, r.output, r.read, r.write, r."costMicros", r.at
     from jsonb_to_recordset($1::jsonb) as r(id uuid, at timestamptz, "userId" text, harness text, provider text, model text, "credentialId" text,
       outcome text, via text, source text, input int, output int, read int, write int, "costMicros" bigint)`,
    [JSON.stringify(rows), scope.teamId, scope.projectId, scope.chatId],
  )
  return rows.map((row) => row.id)
}
