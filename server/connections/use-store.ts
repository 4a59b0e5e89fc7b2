/**
 * Where a connection is used: which chats reach it as their nearest, and for which of them an agent works on it now.
 * Raw SQL, since "nearest" is one ordered choice per chat. From: `use-service.ts`, `undo-service.ts`.
 */
import { isSeenBy } from '#server/access/chat-privacy.ts'
import { pool } from '#server/db/client.ts'

export type UsingChat = {
  chatId: string
  /** Empty where it is nobody's business. */
  title: string
  /** Whether the asking person sees the chat itself. */
  isSeen: boolean
  teamId: string
  projectId: string
  projectName: string
  /** The next run of the chat would be on it. */
  isNearest: boolean
  /** A run on its credential goes on, and would stop without it: nothing else gives the chat that credential. */
  isRunning: boolean
}

/**
 * Chats of all teams that an agent works for on this attachment, first; nodes have only so many places. And those of the
 * team `idleOf` that reach it before any other, which grow in number for ever: for whoever names the projects.
 */
export async function findUsingChats(
  { id }: { id: string },
  { userId, idleOf }: { userId: string; idleOf: string | null },
): Promise<UsingChat[]> {
  const { rows } = await pool().query<UsingChat>(
    `with own as (select t.*, f."credentialId" from attachment t join configuration f on f.id = t."configurationId" where t.id = $1),
     reaching as (
       select c.*, p.name as "projectName", own."credentialId" from own
       join chat c on c.harness = own.harness and c."archivedAt" is null and (own.scope = 'platform'
         or c."projectId" = own."projectId" or (own.scope = 'user' and c."createdBy" = own."userId" and c."teamId" = own."teamId"))
       join project p on p.id = c."projectId" and p."archivedAt" is null)
     select c.id as "chatId", case when ${isSeenBy('$2')} then c.title else '' end as title, ${isSeenBy('$2')} as "isSeen", c."teamId", c."projectId", c."projectName", near.nearest = $1 as "isNearest",
       live."isLive" and not near."hasAnother" as "isRunning"
     from reaching c
     cross join lateral (
       select exists (
         select from run r where r."chatId" = c.id and r."endedAt" is null and r."credentialId" = c."credentialId") as "isLive") live
     cross join lateral (
       select (array_agg(t.id order by t.scope))[1] as nearest,
         bool_or(t.id <> $1 and t."isEnabled" and f."credentialId" = c."credentialId") as "hasAnother"
       from attachment t join configuration f on f.id = t."configurationId"
       where t.harness = c.harness and (t.scope = 'platform'
         or t."projectId" = c."projectId" or (t.scope = 'user' and t."userId" = c."createdBy" and t."teamId" = c."teamId"))) near
     where (near.nearest = $1 and c."teamId" = $3) or (live."isLive" and not near."hasAnother")
     order by "isRunning" desc, c."lastActivityAt" desc`,
    [id, userId, idleOf],
  )
  return rows
}

export async function findProjectName(projectId: string): Promise<string | null> {
  const { rows } = await pool().query<{ name: string }>('select name from project where id = $1', [projectId])
  return rows[0]?.name ?? null
}
