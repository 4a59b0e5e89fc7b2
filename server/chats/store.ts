/** What lists and headers ask of the chats. The team is in the WHERE of every query that a person's request reaches. */
import type { ChatId, NodeId, ProjectId, RequestId, TurnId, UserId } from '#core/ids.ts'
import { isSeenBy } from '#server/access/chat-privacy.ts'
import type { ChatScope, TeamScope } from '#server/access/scope.ts'
import { pool, type PoolClient } from '#server/db/client.ts'

export type ChatStatus = 'waiting' | 'failed' | 'running' | 'queued' | 'idle'

export type ChatSummary = {
  chatId: ChatId
  projectId: ProjectId
  projectName: string
  title: string
  harness: string
  model: string | null
  createdByName: string
  createdAt: string
  lastActivityAt: string
  status: ChatStatus
  /** Questions that an agent waits to have answered. */
  waitingFor: number
  /** Nobody else sees it. */
  isPrivate: boolean
  /** The asking person wants it first. */
  isPinned: boolean
}

/** For SQL, of the chat `c`: one that nobody has named goes by the first line of its first prompt. */
export const CHAT_TITLE = `coalesce(nullif(c.title, ''), (
  select left(split_part(trim(k.body->'prompt'->0->>'text'), E'\\n', 1), 80) from command k
  where k."chatId" = c.id and k.kind = 'prompt' order by k.ord limit 1), '')`

/** For SQL, of the chat `c` and its head `h`. */
export const CHAT_STATUS = `case
  when h."waitingFor" > 0 then 'waiting'
  when h."activeTurn" is not null then 'running'
  when exists (select 1 from command k where k."chatId" = c.id and k.state = 'queued' and k.kind = 'prompt') then 'queued'
  when h."lastOutcome" = 'failed' or (h."lastOutcome" = 'completed' and h."modelFailed") then 'failed'
  else 'idle' end`

/** Pinned ones first, then the newest. */
export async function findChats(
  { teamId, userId }: TeamScope,
  { projectId, isArchived }: { projectId: string | null; isArchived: boolean },
): Promise<ChatSummary[]> {
  const { rows } = await pool().query(
    `select c.id as "chatId", c."projectId", p.name as "projectName", ${CHAT_TITLE} as title, c.harness, c.model,
       coalesce(u.name, 'A former member') as "createdByName", c."createdAt", c."lastActivityAt", ${CHAT_STATUS} as status, h."waitingFor", c."isPrivate",
       pin."chatId" is not null as "isPinned"
     from chat c join chat_head h on h."chatId" = c.id join project p on p.id = c."projectId" left join "user" u on u.id = c."createdBy"
     left join chat_pin pin on pin."chatId" = c.id and pin."userId" = $3
     where c."teamId" = $1 and ($2::text is null or c."projectId" = $2) and (c."archivedAt" is not null) = $4 and p."archivedAt" is null
       and ${isSeenBy('$3')}
     order by (pin."chatId" is not null) desc, c."lastActivityAt" desc, c.id desc limit 500`,
    [teamId, projectId, userId, isArchived],
  )
  return rows.map(({ createdAt, lastActivityAt, ...row }) => ({
    ...row,
    createdAt: createdAt.toISOString(),
    lastActivityAt: lastActivityAt.toISOString(),
  }))
}

export type ForkLink = { chatId: ChatId; title: string }

export type ChatRow = {
  chatId: ChatId
  projectId: ProjectId
  projectName: string
  title: string
  harness: string
  model: string | null
  createdBy: UserId
  createdByName: string
  createdAt: string
  isArchived: boolean
  /** Nobody but its creator sees it. */
  isPrivate: boolean
  /** The asking person wants it first in their lists. */
  isPinned: boolean
  /** Its creator has it from somebody else. */
  isHandedOver: boolean
  offeredTo: { userId: UserId; name: string } | null
  /** What it goes on from, and what goes on from it: those that the asking person sees. */
  forkedFrom: ForkLink | null
  forks: ForkLink[]
  node: { nodeId: NodeId; name: string; isOnline: boolean } | null
}

export async function findChat({ teamId, chatId, userId }: ChatScope): Promise<ChatRow | null> {
  const { rows } = await pool().query(
    `select c.id as "chatId", c."projectId", p.name as "projectName", ${CHAT_TITLE} as title, c.harness, c.model, c."createdBy",
       coalesce(u.name, 'A former member') as "createdByName", c."createdAt", coalesce(c."archivedAt", p."archivedAt") is not null as "isArchived", c."isPrivate",
       exists (select from chat_pin pin where pin."chatId" = c.id and pin."userId" = $3) as "isPinned",
       c."isHandedOver", (select json_build_object('userId', o.id, 'name', o.name) from "user" o where o.id = c."offeredTo") as "offeredTo",
       case when n.id is not null then json_build_object('nodeId', n.id, 'name', n.name,
         'isOnline', n."isConnected" and n."lastSeenAt" > now() - interval '30 seconds') end as node
     from chat c join project p on p.id = c."projectId" left join "user" u on u.id = c."createdBy" left join node n on n.id = c."nodeId"
     where c.id = $1 and c."teamId" = $2 and ${isSeenBy('$3')}`,
    [chatId, teamId, userId],
  )
  if (!rows[0]) return null
  const links = await findForkLinks({ teamId, userId }, chatId)
  const link = ({ chatId: id, title }: ForkLink): ForkLink => ({ chatId: id, title })
  return {
    ...rows[0],
    createdAt: rows[0].createdAt.toISOString(),
    forkedFrom: links.filter((each) => each.isSource).map(link)[0] ?? null,
    forks: links.filter((each) => !each.isSource).map(link),
  }
}

async function findForkLinks(
  { teamId, userId }: Pick<TeamScope, 'teamId' | 'userId'>,
  chatId: ChatId,
): Promise<(ForkLink & { isSource: boolean })[]> {
  const { rows } = await pool().query(
    `select c.id as "chatId", ${CHAT_TITLE} as title, c."forkedFrom" is distinct from $1 as "isSource" from chat c
     where (c."forkedFrom" = $1 or c.id = (select me."forkedFrom" from chat me where me.id = $1)) and c."teamId" = $2 and ${isSeenBy('$3')}
     order by c."createdAt" desc, c.id limit 50`,
    [chatId, teamId, userId],
  )
  return rows
}

/** Changes one person's own lists, and nothing in the chat. */
export async function updatePin({ chatId, userId }: ChatScope, { isPinned }: { isPinned: boolean }): Promise<void> {
  await pool().query(
    isPinned
      ? 'insert into chat_pin ("chatId", "userId") values ($1, $2) on conflict do nothing'
      : 'delete from chat_pin where "chatId" = $1 and "userId" = $2',
    [chatId, userId],
  )
}

/** Everybody whose id a chat's log may name: the team of today, and whoever prompted, answered or started it. */
export async function findPeople({ teamId, chatId }: Pick<ChatScope, 'teamId' | 'chatId'>): Promise<{ userId: UserId; name: string }[]> {
  const { rows } = await pool().query(
    `select u.id as "userId", u.name from "user" u
     where u.id in (select "userId" from member where "teamId" = $1
                    union select k."by" from command k where k."chatId" = $2
                    union select c."createdBy" from chat c where c.id = $2)
     order by u.name, u.id`,
    [teamId, chatId],
  )
  return rows
}

type NewChat = {
  chatId: ChatId
  teamId: string
  projectId: string
  harness: string
  model: string | null
  title: string
  by: UserId
  isPrivate: boolean
  fork: { from: ChatId; context: string } | null
  /** The chat whose agent starts it, and how many such steps lie behind. */
  start: { from: ChatId; depth: number } | null
  branch: string | null
}

export async function insertChat(
  tx: PoolClient,
  { chatId, teamId, projectId, harness, model, title, by, isPrivate, fork, start, branch }: NewChat,
): Promise<void> {
  await tx.query(
    `insert into chat (id, "teamId", "projectId", harness, model, title, "createdBy", "isPrivate", "forkedFrom", "forkContext", "startedFrom", "startDepth", branch)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      chatId,
      teamId,
      projectId,
      harness,
      model,
      title,
      by,
      isPrivate,
      fork?.from ?? null,
      fork?.context ?? null,
      start?.from ?? null,
      start?.depth ?? 0,
      branch,
    ],
  )
  await tx.query('insert into chat_head ("chatId") values ($1)', [chatId])
}

export async function hasTurn({ chatId }: ChatScope, turnId: TurnId): Promise<boolean> {
  const { rowCount } = await pool().query(`select 1 from command where id = $1 and "chatId" = $2 and kind = 'prompt'`, [turnId, chatId])
  return Boolean(rowCount)
}

export async function findName(userId: string): Promise<string | null> {
  const { rows } = await pool().query('select name from "user" where id = $1', [userId])
  return rows[0]?.name ?? null
}

type Place = { teamId: string; projectId: string; userId: UserId; harness: string; model: string | null; isHandedOver: boolean }

/** For the resolver; asked by the server itself, so without a person's scope. */
export async function findChatPlace(chatId: ChatId): Promise<Place | null> {
  const { rows } = await pool().query(
    'select "teamId", "projectId", "createdBy" as "userId", harness, model, "isHandedOver" from chat where id = $1',
    [chatId],
  )
  return rows[0] ?? null
}

export async function findDeadlines({ chatId }: ChatScope): Promise<{ requestId: RequestId; deadlineAt: string | null }[]> {
  const { rows } = await pool().query<{ requestId: RequestId; deadlineAt: Date | null }>(
    'select "requestId", "deadlineAt" from permission_question where "chatId" = $1 and "isOpen"',
    [chatId],
  )
  return rows.map(({ requestId, deadlineAt }) => ({ requestId, deadlineAt: deadlineAt?.toISOString() ?? null }))
}
