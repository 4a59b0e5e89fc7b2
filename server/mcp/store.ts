/** Whose an MCP token is, in one statement: whatever ended the run, or its person's place in the team, makes the row disappear. */
import type { ToolGroup } from '#core/mcp/tool-groups.ts'
import type { ChatId, ProjectId, RunId, TeamId, TurnId, UserId } from '#core/ids.ts'
import { pool, prepared, type PoolClient } from '#server/db/client.ts'

export type CallingRun = {
  runId: RunId
  chatId: ChatId
  teamId: TeamId
  projectId: ProjectId
  /** Nobody but its creator reads what is said there. */
  isPrivate: boolean
  startDepth: number
  /** Of the agent that calls. */
  harness: string
  /** The turn under way; null between two, when nobody's word is there to act on. */
  turnId: TurnId | null
  /** For whom it acts: whose prompt the turn is; between turns, whose waits first, else whose chat it is. */
  userId: UserId
  /** Of tools, on when the run started and still. */
  groups: ToolGroup[]
}

const BY_TOKEN = prepared(
  'mcp-run-by-token',
  `select r.id as "runId", r."chatId", c."teamId", c."projectId", c."isPrivate", c."startDepth", r.harness, h."activeTurn" as "turnId", a."by" as "userId",
     array(select g from unnest(r."mcpGroups") g where g <> all(p."mcpGroupsOff")) as groups
   from run r
   join chat c on c.id = r."chatId" and c."archivedAt" is null
   join chat_head h on h."chatId" = c.id and h.epoch = r.epoch and h."nodeId" = r."nodeId" and h."leaseUntil" > now()
   join node n on n.id = r."nodeId" and n."disabledAt" is null
   join project p on p.id = c."projectId" and p."archivedAt" is null
   join lateral (select coalesce(h."activeBy", (select k."by" from command k
     where k."chatId" = c.id and k.kind = 'prompt' and k.state = 'queued' order by k.ord limit 1), c."createdBy") as "by") a on true
   join member m on m."teamId" = c."teamId" and m."userId" = a."by"
   where r."mcpTokenHash" = $1 and r."endedAt" is null`,
)

export async function findCallingRun(mcpTokenHash: Buffer): Promise<CallingRun | null> {
  const { rows } = await pool().query<CallingRun>(BY_TOKEN([mcpTokenHash]))
  return rows[0] ?? null
}

/** One at a time counts and starts, until the transaction ends. */
export async function holdStarts(tx: Pick<PoolClient, 'query'>, chatId: ChatId): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('start-chat ' || $1, 0))`, [chatId])
}

/** How many chats this one's agents have started within a day. */
export async function countStarted(tx: Pick<PoolClient, 'query'>, chatId: ChatId): Promise<number> {
  const { rows } = await tx.query<{ count: number }>(
    `select count(*)::int as count from chat where "startedFrom" = $1 and "createdAt" > now() - interval '1 day'`,
    [chatId],
  )
  return rows[0]!.count
}

/** Of these chats, those that the whole team may read. */
export async function findOpenChats(chatIds: readonly ChatId[]): Promise<ReadonlySet<ChatId>> {
  const { rows } = await pool().query<{ id: ChatId }>('select id from chat where id = any($1) and not "isPrivate"', [chatIds])
  return new Set(rows.map(({ id }) => id))
}

/** Whether others than its creator may not read it; of a chat that the person was shown to reach. */
export async function findIsPrivate(chatId: ChatId): Promise<boolean> {
  const { rows } = await pool().query<{ isPrivate: boolean }>('select "isPrivate" from chat where id = $1', [chatId])
  return rows[0]?.isPrivate ?? true
}
