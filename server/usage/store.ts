/**
 * Usage records in plain SQL: opened in batches by `opener.ts`, closed in `closing-store.ts`, written whole by
 * `login-turns.ts` for what passes no proxy, and read by people. Of a chat that the asking person does not see they show
 * numbers and nothing else: the chat, its turns, who prompts and what they choose are its creator's.
 */
import type { ChatId, TurnId, UsageRecordId } from '#core/ids.ts'
import { isOfSeenChat } from '#server/access/chat-privacy.ts'
import type { ProjectScope, TeamScope } from '#server/access/scope.ts'
import { plainArray, textArray } from '#server/db/array-text.ts'
import { pool, prepared } from '#server/db/client.ts'

/** What a request is, as it is known before it is sent. */
export type MeteredRequest = {
  teamId: string
  projectId: string
  chatId: string
  runId: string
  harness: string
  provider: string
  dialect: string
  credentialId: string
  credentialVersion: number
  route: string
  model: string
}

export type OpenedRow = {
  usageRecordId: UsageRecordId
  of: MeteredRequest
  startedAt: Date
  /** What was reserved for it, as the columns of the same names say. */
  budgetMicros: number | null
  budgetTokens: number | null
  processId: string
}

/**
 * Which turn a request served, and whose prompt it was, is what the chat's head says at
 * this moment: read in the same statement, so no other turn can slip in between. One row tells it of all.
 */
const OPEN = prepared(
  'open-usage-records',
  `with o as (
     select o.*, h."activeTurn", h."activeBy"
     from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[], $10::int[],
                 $11::text[], $12::text[], $13::timestamptz[], $14::bigint[], $15::int[], $16::uuid[]) with ordinality
       as o(id, "teamId", "projectId", "chatId", "runId", harness, provider, dialect, "credentialId", "credentialVersion", route, model, "startedAt",
            "budgetMicros", "budgetTokens", "processId", at)
     left join chat_head h on h."chatId" = o."chatId"),
   i as (
     insert into usage_record (id, "teamId", "projectId", "chatId", "runId", harness, provider, dialect, "credentialId", "credentialVersion",
                               route, model, "startedAt", "budgetMicros", "budgetTokens", "processId", "turnId", "userId")
     select id, "teamId", "projectId", "chatId", "runId", harness, provider, dialect, "credentialId", "credentialVersion",
            route, model, "startedAt", "budgetMicros", "budgetTokens", "processId", "activeTurn", "activeBy" from o
     on conflict (id) do nothing)
   select string_agg(coalesce("activeTurn"::text, ''), ',' order by at) as turns from o`,
)

/** @returns the turn that each served, in the order of the rows. One that is there already stays as it is. */
export async function insertOpened(rows: readonly OpenedRow[]): Promise<(TurnId | null)[]> {
  const { rows: found } = await pool().query<{ turns: string }>(
    OPEN([
      plainArray(rows, ({ usageRecordId }) => usageRecordId),
      textArray(rows, ({ of }) => of.teamId),
      textArray(rows, ({ of }) => of.projectId),
      plainArray(rows, ({ of }) => of.chatId),
      plainArray(rows, ({ of }) => of.runId),
      textArray(rows, ({ of }) => of.harness),
      textArray(rows, ({ of }) => of.provider),
      textArray(rows, ({ of }) => of.dialect),
      textArray(rows, ({ of }) => of.credentialId),
      plainArray(rows, ({ of }) => of.credentialVersion),
      textArray(rows, ({ of }) => of.route),
      textArray(rows, ({ of }) => of.model),
      plainArray(rows, ({ startedAt }) => startedAt.toISOString()),
      plainArray(rows, ({ budgetMicros }) => budgetMicros),
      plainArray(rows, ({ budgetTokens }) => budgetTokens),
      plainArray(rows, ({ processId }) => processId),
    ]),
  )
  return found[0]!.turns.split(',').map((turn) => (turn === '' ? null : (turn as TurnId)))
}

// --- reading -----------------------------------------------------------------------------------------------

export type UsageRow = {
  usageRecordId: string
  startedAt: string
  /** False: a private chat of somebody else's, of which no more than numbers are shown. */
  isSeen: boolean
  userName: string | null
  projectId: string
  chatId: string | null
  turnId: string | null
  harness: string
  provider: string
  model: string | null
  route: string
  /** `login`: a turn on a login or subscription, which has no price. */
  via: 'proxy' | 'login'
  outcome: string
  status: number | null
  source: string
  inputTokens: number
  outputTokens: number
  cacheReadTokens: number
  cacheWriteTokens: number
  reasoningTokens: number
  costMicros: number | null
  firstByteMs: number | null
  durationMs: number | null
}

/** The newest first. */
export async function findRecords(
  scope: TeamScope | ProjectScope,
  { projectId, chatId, limit }: { projectId: string | null; chatId: string | null; limit: number },
): Promise<UsageRow[]> {
  const { rows } = await pool().query(
    `select u.id as "usageRecordId", u."startedAt", s."isSeen", case when s."isSeen" then w.name end as "userName", u."projectId",
            case when s."isSeen" then u."chatId" end as "chatId", case when s."isSeen" then u."turnId" end as "turnId", u.harness, u.provider,
            case when s."isSeen" then u.model end as model, u.route, u.via::text,
            u.outcome::text, u.status, u.source::text, u."inputTokens", u."outputTokens", u."cacheReadTokens", u."cacheWriteTokens", u."reasoningTokens",
            u."costMicros"::float8 as "costMicros", u."firstByteMs", u."durationMs"
     from usage_record u left join "user" w on w.id = u."userId"
     cross join lateral (select ${isOfSeenChat('$5', 'u."chatId"')} as "isSeen") s
     where u."teamId" = $1 and ($2::text is null or u."projectId" = $2) and ($3::text is null or u."chatId"::text = $3)
     order by u."startedAt" desc, u.id desc limit $4`,
    [scope.teamId, projectId, chatId, limit, scope.userId],
  )
  return rows.map((row) => ({ ...row, startedAt: row.startedAt.toISOString() }))
}

export type ChatCost = { costMicros: number; unpricedRequests: number; subscriptionTurns: number }

/** What each of these chats has cost so far, of those that the person sees and that have asked a model. */
export async function sumCosts({ teamId, userId }: TeamScope, chatIds: readonly ChatId[]): Promise<Map<ChatId, ChatCost>> {
  const { rows } = await pool().query(
    `select "chatId", coalesce(sum("costMicros"), 0)::float8 as "costMicros", (count(*) filter (where "costMicros" is null and via = 'proxy'))::int as "unpricedRequests",
       (count(*) filter (where via = 'login'))::int as "subscriptionTurns"
     from usage_record u where "teamId" = $1 and "chatId" = any($3) and outcome <> 'open' and ${isOfSeenChat('$2', 'u."chatId"')} group by 1`,
    [teamId, userId, chatIds],
  )
  return new Map(rows.map(({ chatId, ...cost }: ChatCost & { chatId: ChatId }) => [chatId, cost]))
}
