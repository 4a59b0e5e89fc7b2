/**
 * Where a connection is used: which chats reach it as their nearest, and which of them an agent works for now.
 * Raw SQL, since "nearest" is one ordered choice per chat. From: `use-service.ts`, `undo-service.ts`.
 */
import { pool } from '#server/db/client.ts'

export type UsingChat = {
  chatId: string
  title: string
  teamId: string
  projectId: string
  projectName: string
  /** A run of the chat has not ended. */
  isRunning: boolean
}

/** Chats of all teams that reach this attachment before any other, running ones first. */
export async function findUsingChats({ id, harness }: { id: string; harness: string }): Promise<UsingChat[]> {
  const { rows } = await pool().query<UsingChat>(
    `select c.id as "chatId", c.title, c."teamId", c."projectId", p.name as "projectName",
       exists (
         select from run r join configuration f on f."credentialId" = r."credentialId" and f.id = near."configurationId"
         where r."chatId" = c.id and r."endedAt" is null
       ) as "isRunning"
     from chat c join project p on p.id = c."projectId" and p."archivedAt" is null
     cross join lateral (
       select t.id, t."configurationId" from attachment t
       where t.harness = c.harness and (
         t."projectId" = c."projectId" or (t.scope = 'user' and t."userId" = c."createdBy" and t."teamId" = c."teamId") or t.scope = 'platform')
       order by t.scope limit 1
     ) near
     where c.harness = $2 and c."archivedAt" is null and near.id = $1
     order by "isRunning" desc, c."lastActivityAt" desc`,
    [id, harness],
  )
  return rows
}

export async function findProjectName(projectId: string): Promise<string | null> {
  const { rows } = await pool().query<{ name: string }>('select name from project where id = $1', [projectId])
  return rows[0]?.name ?? null
}
