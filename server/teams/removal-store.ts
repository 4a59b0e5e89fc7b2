/**
 * What goes with a member: asked before, and destroyed in the removal's own transaction. Runs end by the steps that
 * other nouns add (`service.ts`), before any of this.
 */
import type { PoolClient } from 'pg'
import { isSeenBy } from '#server/access/chat-privacy.ts'
import { pool } from '#server/db/client.ts'

type Who = { teamId: string; userId: string }

/** Credentials of $2 in team $1 that stand for nobody but them: logins wherever they are, keys that no project uses. */
const OWN_CREDENTIALS = `
  select k.id from credential k
  where k."teamId" = $1 and k."createdBy" = $2 and (k.kind <> 'api-key' or not exists (
    select from configuration f join attachment a on a."configurationId" = f.id
    where f."credentialId" = k.id and (a.scope <> 'user' or a."userId" <> $2)))`

/** Everything by which they could still act. A key that a shared scope uses as well stays: it is the team's by then. */
export async function destroyBelongings(tx: PoolClient, { teamId, userId }: Who): Promise<void> {
  await tx.query('delete from personal_access_token where "teamId" = $1 and "userId" = $2', [teamId, userId])
  // A session is of no team: signing in again leads to the teams that are left.
  await tx.query('delete from session where "userId" = $1', [userId])
  // A link that they made would lead them back in.
  await tx.query('delete from invitation where "teamId" = $1 and "invitedBy" = $2 and "acceptedAt" is null', [teamId, userId])
  await tx.query('delete from sign_in where "teamId" = $1 and "userId" = $2', [teamId, userId])
  // With them go their configurations, attachments, and what of them waits to be brought back.
  await tx.query(`delete from credential where id in (${OWN_CREDENTIALS})`, [teamId, userId])
  await tx.query(
    `delete from removed_attachment where attachment->>'scope' = 'user' and attachment->>'teamId' = $1 and attachment->>'userId' = $2`,
    [teamId, userId],
  )
  const { rows } = await tx.query<{ configurationId: string }>(
    `delete from attachment where scope = 'user' and "teamId" = $1 and "userId" = $2 returning "configurationId"`,
    [teamId, userId],
  )
  // What is left of those stood on a key of somebody else.
  await tx.query(
    `delete from configuration f where f.id = any($1) and not f."isKept"
       and not exists (select from attachment a where a."configurationId" = f.id)
       and not exists (select from removed_attachment r where r."configurationId" = f.id)`,
    [rows.map((each) => each.configurationId)],
  )
}

export type AffectedChat = { chatId: string; title: string; projectName: string }

/**
 * Chats that something runs in now for them: those they started, those that work on a prompt of theirs, and
 * those on a machine of theirs. What the asking person does not see is counted alone.
 */
export async function findStoppedChats({ teamId, userId }: Who, askedBy: string): Promise<{ seen: AffectedChat[]; unseen: number }> {
  const { rows } = await pool().query<AffectedChat & { isSeen: boolean }>(
    `select c.id as "chatId", c.title, p.name as "projectName", ${isSeenBy('$3')} as "isSeen"
     from chat c join project p on p.id = c."projectId" join chat_head h on h."chatId" = c.id
     where c."teamId" = $1 and h."nodeId" is not null and h."leaseUntil" is not null and (h."activeBy" = $2
       or ((c."createdBy" = $2 or h."nodeId" in (select id from node where "joinedBy" = $2))
         and (h."activeTurn" is not null or exists (select from run r where r."chatId" = c.id and r."endedAt" is null))))
     order by c."lastActivityAt" desc`,
    [teamId, userId, askedBy],
  )
  const seen = rows.flatMap(({ isSeen, ...chat }) => (isSeen ? [chat] : []))
  return { seen, unseen: rows.length - seen.length }
}

export type JoinedNode = { nodeId: string; name: string }

/** Machines that run agents since they let them join. */
export async function findJoinedNodes(userId: string): Promise<JoinedNode[]> {
  const { rows } = await pool().query<JoinedNode>(
    'select id as "nodeId", name from node where "joinedBy" = $1 and "disabledAt" is null order by name',
    [userId],
  )
  return rows
}

export type Counts = { tokens: number; sessions: number; invitations: number; signIns: number }

/** By which they could act until then. `openStates`: of a sign-in that is not over. */
export async function countBelongings({ teamId, userId }: Who, openStates: readonly string[]): Promise<Counts> {
  const { rows } = await pool().query<Counts>(
    `select
       (select count(*)::int from personal_access_token where "teamId" = $1 and "userId" = $2 and "expiresAt" > now()) as tokens,
       (select count(*)::int from session where "userId" = $2 and "expiresAt" > now()) as sessions,
       (select count(*)::int from invitation
        where "teamId" = $1 and "invitedBy" = $2 and "acceptedAt" is null and "expiresAt" > now()) as invitations,
       (select count(*)::int from sign_in where "teamId" = $1 and "userId" = $2 and state = any($3) and "expiresAt" > now()) as "signIns"`,
    [teamId, userId, openStates],
  )
  return rows[0]!
}

export type AffectedConnection = {
  connectionId: string
  harness: string
  kind: 'api-key' | 'auth-file' | 'oauth-token'
  /** Null for a personal one. */
  projectId: string | null
  projectName: string | null
  isDestroyed: boolean
}

/** Their own connections, and the projects' that stand on what they connected. */
export async function findAffectedConnections({ teamId, userId }: Who): Promise<AffectedConnection[]> {
  const { rows } = await pool().query<AffectedConnection>(
    `select t.id as "connectionId", t.harness, k.kind::text as kind, t."projectId", p.name as "projectName",
       t.scope = 'user' or k.id in (${OWN_CREDENTIALS}) as "isDestroyed"
     from attachment t join configuration f on f.id = t."configurationId" join credential k on k.id = f."credentialId"
     left join project p on p.id = t."projectId"
     where t."teamId" = $1 and ((t.scope = 'user' and t."userId" = $2) or (t.scope = 'project' and k."createdBy" = $2))
     order by p.name nulls first, t.harness`,
    [teamId, userId],
  )
  return rows
}
