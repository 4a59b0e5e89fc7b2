/**
 * Records what a turn on a login or a subscription token has used. Nothing of it passes the proxy, so what its harness
 * says at the turn's end is all that is known, and nobody knows its price. One record for each such turn, written with
 * that end.
 * From: `server/chats/side-facts.ts`. Records of the proxy: `opener.ts`.
 */
import { createHash } from 'node:crypto'
import type { LoginUsage, TurnOutcome } from '#core/chat/events.ts'
import { fit, type CredentialKind } from '#core/connections/connection.ts'
import { findHarness } from '#core/harnesses/registry.ts'
import { noTokens } from '#core/models/usage.ts'
import type { PoolClient } from '#server/db/client.ts'

type LoginTurn = { chatId: string; turnId: string; outcome: TurnOutcome; usage: LoginUsage }

type Run = { harness: string; kind: CredentialKind | null; format: string | null; issuer: string | null }

const outcomes = {
  completed: 'completed',
  refused: 'completed',
  cancelled: 'aborted',
  interrupted: 'aborted',
  failed: 'failed',
} as const satisfies Record<TurnOutcome, string>

/** In the transaction that ends the turn. A run through the proxy has a workspace token, and no word about it counts. */
export async function insertLoginTurn(tx: PoolClient, { chatId, turnId, outcome, usage }: LoginTurn): Promise<void> {
  const { rows } = await tx.query<Run>(
    `select r.harness, k.kind::text as kind, k.format, k.issuer from run r left join credential k on k.id = r."credentialId"
     where r.id = $1 and r."chatId" = $2 and r."wstokenHash" is null`,
    [usage.runId, chatId],
  )
  const [run] = rows
  if (!run) return
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } = usage.tokens ?? noTokens
  await tx.query(
    `insert into usage_record (id, "teamId", "projectId", "chatId", "runId", "turnId", "userId", harness, provider, dialect, route, via,
       "credentialId", "credentialVersion", model, outcome, source, "inputTokens", "outputTokens", "cacheReadTokens", "cacheWriteTokens",
       "reasoningTokens", "startedAt", "durationMs")
     select $1, c."teamId", c."projectId", c.id, r.id, $2, k."by", r.harness, $3, 'none', 'none', 'login',
       r."credentialId", r."credentialVersion", $4, $5::usage_outcome, $6::usage_source, $7, $8, $9, $10,
       $11, now() - $12::int * interval '1 millisecond', $12
     from run r join chat c on c.id = r."chatId"
     left join command k on k."chatId" = c.id and k."turnId" = $2 and k.kind = 'prompt'
     where r.id = $13
     on conflict (id) do nothing`,
    [
      recordIdOf(turnId),
      turnId,
      providerOf(run),
      // An agent's word, and PostgreSQL takes no NUL.
      usage.model?.replaceAll('\0', '') ?? null,
      outcomes[outcome],
      usage.tokens ? 'provider' : 'none',
      inputTokens,
      outputTokens,
      cacheReadTokens,
      cacheWriteTokens,
      reasoningTokens,
      usage.durationMs,
      usage.runId,
    ],
  )
}

/** The same for the same turn, however often its end arrives. */
function recordIdOf(turnId: string): string {
  const bytes = createHash('sha256').update(`login-turn/${turnId}`).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** The company whose subscription it is; the login's own name where it may be several companies'. */
function providerOf({ harness: id, kind, format, issuer }: Run): string {
  const harness = findHarness(id)
  const found = harness && kind ? fit(harness, { kind, format, issuer, provider: null, baseUrl: null, dialect: null }) : null
  const serves = found && found.via !== 'proxy' ? found.serves : null
  return serves?.provider ?? format ?? issuer ?? id
}
