/** Runs: one lifetime of an agent process each, and what it pinned. */
import type { ChatId, NodeId, ProjectId, RunId, UserId } from '#core/ids.ts'
import { pool, type PoolClient } from '#server/db/client.ts'

export type RunPlace = {
  teamId: string
  projectId: ProjectId
  /** The chat's creator, on whose connections it runs. */
  userId: UserId
  creatorName: string | null
  harness: string
  model: string | null
  agentSessionId: string | null
  repositoryUrl: string | null
  branch: string | null
  instructions: string
  /** Groups of our MCP server's tools that are off in the project. */
  mcpGroupsOff: string[]
  /** Whose prompt the run is for: the one under way, else the first that waits. */
  promptBy: UserId | null
  /** The creator has it from somebody else. */
  isHandedOver: boolean
  /** The chat, or its project. */
  isArchived: boolean
  /** Null for somebody who is no longer in the team. */
  promptByRole: 'admin' | 'member' | 'viewer' | null
}

/** Null when the node does not hold the chat in that epoch. */
export async function findRunPlace(nodeId: NodeId, { chatId, epoch }: { chatId: ChatId; epoch: number }): Promise<RunPlace | null> {
  const { rows } = await pool().query<RunPlace>(
    `select c."teamId", c."projectId", c."createdBy" as "userId",
       (select u.name from "user" u where u.id = c."createdBy") as "creatorName", c.harness, c.model, c."agentSessionId", p."repositoryUrl",
       c.branch, p.instructions, p."mcpGroupsOff", c."isHandedOver", coalesce(c."archivedAt", p."archivedAt") is not null as "isArchived", a."by" as "promptBy", m.role as "promptByRole"
     from chat_head h join chat c on c.id = h."chatId" join project p on p.id = c."projectId"
     left join lateral (select coalesce(h."activeBy", (select k."by" from command k
       where k."chatId" = c.id and k.kind = 'prompt' and k.state = 'queued' order by k.ord limit 1)) as "by") a on true
     left join member m on m."teamId" = c."teamId" and m."userId" = a."by"
     where h."chatId" = $1 and h.epoch = $2 and h."nodeId" = $3`,
    [chatId, epoch, nodeId],
  )
  return rows[0] ?? null
}

/** Null for a private chat: what it is called is not told where others read. */
export async function findPublicTitle(tx: Pick<PoolClient, 'query'>, chatId: ChatId): Promise<string | null> {
  const { rows } = await tx.query<{ title: string }>('select title from chat where id = $1 and not "isPrivate"', [chatId])
  return rows[0]?.title ?? null
}

/** What the chat's live run is bound to; null when none lives. */
export async function findPin(chatId: ChatId): Promise<{ credentialId: string; credentialVersion: number } | null> {
  const { rows } = await pool().query('select "credentialId", "credentialVersion" from run where "chatId" = $1 and "endedAt" is null', [
    chatId,
  ])
  return rows[0] ?? null
}

export type NewRun = {
  runId: RunId
  chatId: ChatId
  nodeId: NodeId
  epoch: number
  harness: string
  provider: string | null
  dialect: string | null
  credentialId: string
  credentialVersion: number
  wstokenHash: Buffer | null
  /** Of a login: of the sentinel in its file, and which of its revisions the file is. */
  sentinelHash: Buffer | null
  loginRevision: number | null
  /** Of one that serves one run at a time: from here on its node owes its word on what became of it. */
  keepsLogin: boolean
  /** Of what our MCP server knows it by, and the groups of tools that are on: null and empty where all are off. */
  mcpTokenHash: Buffer | null
  mcpGroups: readonly string[]
}

/**
 * A chat has one live run: starting one ends the others. A repeated start of the same run, whose answer was lost,
 * gets a token of its own, and the lost one opens nothing. Null when the lease has gone to another meanwhile:
 * the head's row is held, so that no claim can come in between.
 */
export async function insertRun(tx: Pick<PoolClient, 'query'>, run: NewRun): Promise<{ isRepeated: boolean } | null> {
  const { rows } = await tx.query<{ isRepeated: boolean }>(
    `with h as (select "chatId" from chat_head where "chatId" = $2 and "nodeId" = $3 and epoch = $4 for share),
          ended as (update run set "endedAt" = now() from h where run."chatId" = h."chatId" and run.id <> $1 and "endedAt" is null)
     insert into run (id, "chatId", "nodeId", epoch, harness, provider, dialect, "credentialId", "credentialVersion", "wstokenHash",
       "sentinelHash", "loginRevision", "keepsLogin", "mcpTokenHash", "mcpGroups")
     select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15 from h
     on conflict (id) do update set "wstokenHash" = excluded."wstokenHash", "credentialId" = excluded."credentialId",
       "credentialVersion" = excluded."credentialVersion", provider = excluded.provider, dialect = excluded.dialect,
       "sentinelHash" = excluded."sentinelHash", "loginRevision" = excluded."loginRevision", "keepsLogin" = excluded."keepsLogin",
       "mcpTokenHash" = excluded."mcpTokenHash", "mcpGroups" = excluded."mcpGroups"
     where run."chatId" = excluded."chatId" and run.epoch = excluded.epoch and run."nodeId" = excluded."nodeId" and run."endedAt" is null
     returning xmax <> 0 as "isRepeated"`,
    [
      run.runId,
      run.chatId,
      run.nodeId,
      run.epoch,
      run.harness,
      run.provider,
      run.dialect,
      run.credentialId,
      run.credentialVersion,
      run.wstokenHash,
      run.sentinelHash,
      run.loginRevision,
      run.keepsLogin,
      run.mcpTokenHash,
      run.mcpGroups,
    ],
  )
  return rows[0] ?? null
}

/** Before anything else is held, as everybody does who holds both a chat and what it runs on. */
export async function holdHead(tx: Pick<PoolClient, 'query'>, chatId: ChatId): Promise<void> {
  await tx.query('select from chat_head where "chatId" = $1 for share', [chatId])
}

type RunOfLease = { nodeId: NodeId; chatId: ChatId; epoch: number; runId: RunId }

/** For resume. Only the holder of the epoch says what the chat's session is. */
export async function updateAgentSession({
  nodeId,
  chatId,
  epoch,
  agentSessionId,
}: Omit<RunOfLease, 'runId'> & { agentSessionId: string }) {
  await pool().query(
    `update chat set "agentSessionId" = $4 from chat_head h
     where chat.id = $1 and h."chatId" = chat.id and h.epoch = $2 and h."nodeId" = $3`,
    [chatId, epoch, nodeId, agentSessionId],
  )
}

/** Its workspace token opens nothing from here on; its login is free once its node has told all of it. */
export async function endRun({ nodeId, chatId, runId, keepsLogin }: RunOfLease & { keepsLogin: boolean }): Promise<void> {
  await pool().query(
    `update run set "endedAt" = coalesce("endedAt", now()), "keepsLogin" = "keepsLogin" and $4
     where id = $1 and "chatId" = $2 and "nodeId" = $3 and ("endedAt" is null or "keepsLogin")`,
    [runId, chatId, nodeId, keepsLogin],
  )
}
