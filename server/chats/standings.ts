/**
 * How given chats stand, for what is built on chats. Of a chat that the person does not see: that it is there, whose it is and
 * how it stands, and nothing of what it is about.
 */
import type { TurnOutcome } from '#core/chat/events.ts'
import type { FailureCode, FailureFacts } from '#core/errors.ts'
import type { ChatId, UserId } from '#core/ids.ts'
import { isSeenBy } from '#server/access/chat-privacy.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { CHAT_STATUS, CHAT_TITLE, type ChatStatus } from '#server/chats/store.ts'
import { pool, type PoolClient } from '#server/db/client.ts'

export type ChatStanding = {
  chatId: ChatId
  createdBy: UserId
  createdByName: string
  status: ChatStatus
  /** Of its last turn; null when none has ended yet. */
  lastOutcome: TurnOutcome | null
  isArchived: boolean
  /** Null for a chat that the person does not see. */
  seen: {
    title: string
    harness: string
    model: string | null
    branch: string | null
    /** Why it failed; null when it did not, or nobody said. */
    failure: { code: FailureCode; facts: FailureFacts } | null
  } | null
}

/** What says why the last turn failed: the proxy's word where that stands, else what ended the turn. */
const FAILURE = `case when ${CHAT_STATUS} = 'failed' then (
  select case e.type when 'model.failed' then
      jsonb_build_object('code', e.payload->'code', 'facts', coalesce(e.payload->'facts', '{}') || jsonb_strip_nulls(jsonb_build_object(
        'provider', e.payload->'provider', 'model', e.payload->'model', 'status', e.payload->'status', 'harness', e.payload->'harness')))
    else jsonb_build_object('code', e.payload#>'{failure,code}', 'facts', coalesce(e.payload#>'{failure,facts}', '{}')) end
  from chat_event e
  where e."chatId" = c.id and ((e.type = 'model.failed' and h."modelFailed") or (e.type = 'turn.ended' and not h."modelFailed" and e.payload ? 'failure'))
  order by e.seq desc limit 1) end`

type Reader = Pick<TeamScope, 'teamId' | 'userId'>

export async function readStandings(
  { teamId, userId }: Reader,
  chatIds: readonly ChatId[],
  db: Pick<PoolClient, 'query'> = pool(),
): Promise<Map<ChatId, ChatStanding>> {
  if (chatIds.length === 0) return new Map()
  const { rows } = await db.query(
    `select c.id as "chatId", c."createdBy", coalesce(u.name, 'A former member') as "createdByName", ${CHAT_STATUS} as status,
       h."lastOutcome", c."archivedAt" is not null as "isArchived",
       case when ${isSeenBy('$2')} then jsonb_build_object('title', ${CHAT_TITLE}, 'harness', c.harness, 'model', c.model, 'branch', c.branch,
         'failure', ${FAILURE}) end as seen
     from chat c join chat_head h on h."chatId" = c.id left join "user" u on u.id = c."createdBy"
     where c."teamId" = $1 and c.id = any($3)`,
    [teamId, userId, chatIds],
  )
  return new Map(rows.map((row: ChatStanding) => [row.chatId, row]))
}

export type ChangeSum = { files: number; added: number; removed: number }

/** What the agents have changed so far, of those chats that the person sees and where something is. */
export async function sumChanges({ teamId, userId }: Reader, chatIds: readonly ChatId[]): Promise<Map<ChatId, ChangeSum>> {
  const { rows } = await pool().query(
    `select c.id as "chatId", sums.files::int as files, sums.added::int as added, sums.removed::int as removed
     from chat c
     join lateral (select e.payload from chat_event e where e."chatId" = c.id and e.type = 'changes.recorded' order by e.seq desc limit 1) e on true
     join lateral (select count(*) as files, coalesce(sum((f->>'added')::bigint), 0) as added, coalesce(sum((f->>'removed')::bigint), 0) as removed
       from jsonb_array_elements(e.payload->'files') f) sums on sums.files > 0
     where c."teamId" = $1 and ${isSeenBy('$2')} and c.id = any($3)`,
    [teamId, userId, chatIds],
  )
  return new Map(rows.map(({ chatId, ...sum }: ChangeSum & { chatId: ChatId }) => [chatId, sum]))
}
