/** What sockets ask of the database: which teams somebody is in, and whether they still may be here. */
import type { Caller } from '#server/access/scope.ts'
import type { ChatId, TeamId, UserId } from '#core/ids.ts'
import { pool } from '#server/db/client.ts'

/** The team of a chat, for the gate to prove; null when there is no such chat. */
export async function findTeamOfChat(chatId: ChatId): Promise<TeamId | null> {
  const { rows } = await pool().query('select "teamId" from chat where id = $1', [chatId])
  return rows[0]?.teamId ?? null
}

/** Of these chats those that are private, each with who still sees it. */
export async function findPrivate(chatIds: readonly ChatId[]): Promise<ReadonlyMap<ChatId, UserId>> {
  const { rows } = await pool().query('select id, "createdBy" from chat where id = any($1) and "isPrivate"', [chatIds])
  return new Map(rows.map((row) => [row.id, row.createdBy]))
}

/** Of a person, or the one of their token. */
export async function findTeams({ userId, via }: Caller): Promise<TeamId[]> {
  const { rows } = await pool().query('select "teamId" from member where "userId" = $1 and ($2::text is null or "teamId" = $2)', [
    userId,
    via.is === 'token' ? via.teamId : null,
  ])
  return rows.map((row) => row.teamId)
}

/** Of the given sessions and tokens, those that still open a door. */
export async function findStanding(ids: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await pool().query(
    `select id from session where id = any($1) and "expiresAt" > now()
     union all select id from personal_access_token where id = any($1) and "expiresAt" > now()`,
    [ids],
  )
  return new Set(rows.map((row) => row.id))
}
