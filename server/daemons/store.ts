/** What ingest, leases and runs ask of the database. Nodes themselves are in `node-store.ts`. */
import type { ElicitationAction, ElicitationAnswers } from '#core/chat/elicitation.ts'
import type { PromptContent } from '#core/chat/events.ts'
import type { ChatId, NodeId, RequestId, TurnId, UserId } from '#core/ids.ts'
import type { Command, OutboxFact } from '#core/links/daemon.ts'
import { toPayload } from '#server/chats/events.ts'
import { pool, type PoolClient } from '#server/db/client.ts'

/** Where a chat's producer stands; `finalPseq` is where the asked epoch ended, 0 while it has not. `place`: where its workspace lies. */
export type Fence = { epoch: number; nodeId: NodeId | null; place: NodeId | null; pseq: number; finalPseq: number }

export async function findFences(appends: readonly { chatId: ChatId; epoch: number }[]): Promise<Map<ChatId, Fence>> {
  const { rows } = await pool().query(
    `select h."chatId", h.epoch, h."nodeId", c."nodeId" as place, h.pseq, coalesce(l."finalPseq", 0) as "finalPseq"
     from unnest($1::uuid[], $2::int[]) as a("chatId", epoch)
     join chat_head h on h."chatId" = a."chatId" join chat c on c.id = h."chatId"
     left join lease_log l on l."chatId" = a."chatId" and l.epoch = a.epoch`,
    [appends.map((each) => each.chatId), appends.map((each) => each.epoch)],
  )
  return new Map(rows.map(({ chatId, pseq, finalPseq, ...row }) => [chatId, { ...row, pseq: Number(pseq), finalPseq: Number(finalPseq) }]))
}

type StandingPrompt = { prompt: PromptContent; model: string | null; epoch: number | null; isAccepted: boolean }

export async function findPrompts(turns: readonly TurnId[]): Promise<Map<TurnId, StandingPrompt>> {
  const { rows } = await pool().query(
    `select k.id, k.epoch, k.state = 'accepted' as "isAccepted", c.model,
       case when c."forkContext" is null then k.body->'prompt'
         else jsonb_build_array(jsonb_build_object('type', 'text', 'text', c."forkContext")) || (k.body->'prompt') end as prompt
     from command k join chat c on c.id = k."chatId" where k.id = any($1) and k.kind = 'prompt'`,
    [turns],
  )
  return new Map(rows.map(({ id, ...standing }) => [id, standing]))
}

export async function insertOrphans({
  nodeId,
  chatId,
  epoch,
  facts,
}: {
  nodeId: NodeId
  chatId: ChatId
  epoch: number
  facts: readonly OutboxFact[]
}) {
  await pool().query(
    `insert into orphan_event ("chatId", epoch, pseq, type, payload)
     select $1, $2, o.pseq, o.type, o.payload::jsonb
     from unnest($3::bigint[], $4::text[], $5::text[]) as o(pseq, type, payload)
     join chat_head h on h."chatId" = $1 and h.epoch > $2 join chat c on c.id = $1
     left join lease_log l on l."chatId" = $1 and l.epoch = $2
     where o.pseq > coalesce(l."finalPseq", 0) and coalesce(l."nodeId", c."nodeId") = $6
     on conflict do nothing`,
    [chatId, epoch, facts.map((each) => each.pseq), facts.map((each) => each.fact.type), facts.map((each) => toPayload(each.fact)), nodeId],
  )
}

/** Commands that wait, in their order, for each of the chats. A repeated delivery has the same ids. */
export async function findCommands(db: Pick<PoolClient, 'query'>, chats: readonly ChatId[]): Promise<Map<ChatId, Command[]>> {
  const { rows } = await db.query<CommandRow>(
    `select k."chatId", k.id, k.kind, k."turnId", k."requestId", k."by", k.body, c.model
     from command k join chat c on c.id = k."chatId"
     where k."chatId" = any($1) and k.state = 'queued' order by k.ord`,
    [chats],
  )
  const commands = new Map<ChatId, Command[]>(chats.map((chatId) => [chatId, []]))
  for (const row of rows) commands.get(row.chatId)?.push(toCommand(row))
  return commands
}

type CommandRow = {
  chatId: ChatId
  id: string
  kind: Command['kind']
  turnId: TurnId
  requestId: RequestId
  by: UserId
  body: { prompt: PromptContent; optionId: string | null; action: ElicitationAction; answers: ElicitationAnswers }
  model: string | null
}

function toCommand({ id, kind, turnId, requestId, by, body, model }: CommandRow): Command {
  switch (kind) {
    case 'prompt':
      return { kind, id, turnId, by, prompt: body.prompt, model }
    case 'cancel':
      return { kind, id, turnId }
    case 'permission':
      return { kind, id, requestId, optionId: body.optionId }
    case 'elicitation':
      return { kind, id, requestId, action: body.action, answers: body.answers }
  }
}
