/**
 * Carries out one person's command: reads the small state under the head's lock, lets `core/chat/decide.ts`
 * decide, and commits facts and orders together. Then wakes whoever runs the chat's agent.
 * From: `service.ts`. Next: `append.ts`, and `server/daemons/dispatch.ts` for the order.
 */
import type { ChatCommand, ChatState, Order, UnaskedCommand } from '#core/chat/commands.ts'
import { decide } from '#core/chat/decide.ts'
import { DomainError } from '#core/errors.ts'
import type { ChatId, TurnId } from '#core/ids.ts'
import { announceAppended, appendServerFacts, lockHead, type Head } from '#server/chats/append.ts'
import { inTransaction, type PoolClient } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import { publish } from '#server/realtime/bus.ts'

/** @throws the DomainError that was decided, and then nothing has changed */
export async function carryOut(
  { chatId, isMaintainer }: { chatId: ChatId; isMaintainer: boolean },
  command: ChatCommand | UnaskedCommand,
): Promise<{ turnId: TurnId | null }> {
  const carried = await inTransaction((tx) => carryOutWithin(tx, { chatId, isMaintainer }, command))
  carried.tell()
  return { turnId: carried.turnId }
}

/** The same as a part of the caller's transaction; `tell` is for after its commit. */
export async function carryOutWithin(
  tx: PoolClient,
  { chatId, isMaintainer }: { chatId: ChatId; isMaintainer: boolean },
  command: ChatCommand | UnaskedCommand,
): Promise<{ turnId: TurnId | null; tell: () => void }> {
  const head = await lockHead(tx, chatId)
  const decision = decide(command, await readState(tx, { chatId, head, command, isMaintainer }))
  if (!decision.ok) throw new DomainError(decision.code, decision.facts)
  // Orders first: a queued turn that is cancelled is withdrawn, not one that an agent has done.
  for (const order of decision.orders) await place(tx, chatId, order)
  const appended = await appendServerFacts(tx, chatId, decision.facts)
  const tell = () => {
    announceAppended(appended)
    if (decision.orders.length > 0) wake(chatId, head)
  }
  return { turnId: decision.turnId ?? null, tell }
}

/** A hint, no more: the holder renews, or a node claims, and finds the command in the database. */
function wake(chatId: ChatId, { isLeased, nodeId }: Head): void {
  publish(isLeased && nodeId ? { about: 'commands', nodeId, chatId } : { about: 'work', nodeId: null })
}

type Reading = { chatId: ChatId; head: Head; command: ChatCommand | UnaskedCommand; isMaintainer: boolean }

async function readState(tx: PoolClient, { chatId, head, command, isMaintainer }: Reading): Promise<ChatState> {
  const turnId = 'turnId' in command ? (command.turnId ?? null) : null
  const requestId = 'requestId' in command ? command.requestId : null
  const { rows } = await tx.query(
    `select c.title, c.model, coalesce(c."archivedAt", p."archivedAt") is not null as "isArchived",
       exists (select 1 from command k where k."chatId" = c.id and k.kind = 'cancel' and k.state = 'queued' and k."turnId" = $2)
         as "isCancelling",
       (select coalesce(json_agg(json_build_object('turnId', k.id, 'by', k."by") order by k.ord), '[]') from command k
         where k."chatId" = c.id and k.kind = 'prompt' and k.state = 'queued') as queued,
       (select json_build_object('turnId', k.id, 'by', k."by", 'prompt', k.body->'sent') from command k
         where k.id = $3 and k."chatId" = c.id and k.kind = 'prompt') as turn,
       (select count(*)::int from permission_question o where o."chatId" = c.id and o."isOpen") as "openQuestions",
       (select json_build_object('kind', q.kind, 'turnId', q."turnId", 'options', q.options, 'form', q.form, 'isOpen', q."isOpen",
                 'answer', case when k.id is not null then json_build_object('by', k."by", 'rule', k.body->>'rule', 'optionId', k.body->>'optionId', 'action', k.body->>'action', 'at', k.at)
                   when q."answeredBy" is not null then json_build_object('by', q."answeredBy", 'rule', null, 'optionId', null, 'action', null, 'at', q."answeredAt") end)
         from permission_question q left join command k on k."chatId" = q."chatId" and k."requestId" = q."requestId"
         where q."chatId" = c.id and q."requestId" = $4) as question
     from chat c join project p on p.id = c."projectId" where c.id = $1`,
    [chatId, head.activeTurn, turnId, requestId],
  )
  const { question, ...state } = rows[0]
  // PostgreSQL writes the time inside JSON in a form of its own.
  if (question?.answer) question.answer.at = new Date(question.answer.at).toISOString()
  return { ...state, question, activeTurn: head.activeTurn, isMaintainer }
}

async function place(tx: PoolClient, chatId: ChatId, order: Order): Promise<void> {
  switch (order.order) {
    case 'queue-prompt': {
      // The turn's id is the command's. `sent` stays as it is when people edit, to tell a retry from another prompt.
      const body = { prompt: order.prompt, sent: order.prompt }
      const { rowCount } = await tx.query(
        `insert into command (id, "chatId", kind, "turnId", "by", body) values ($1, $2, 'prompt', $1, $3, $4) on conflict (id) do nothing`,
        [order.turnId, chatId, order.by, JSON.stringify(body)],
      )
      // Taken in another chat, about which nothing is said.
      if (!rowCount) throw new DomainError('turn.id-taken', { turnId: order.turnId })
      return
    }
    case 'replace-prompt':
      await tx.query(`update command set body = jsonb_set(body, '{prompt}', $3) where id = $2 and "chatId" = $1 and state = 'queued'`, [
        chatId,
        order.turnId,
        JSON.stringify(order.prompt),
      ])
      return
    case 'withdraw-prompt':
      await tx.query(`update command set state = 'withdrawn' where id = $2 and "chatId" = $1 and state = 'queued'`, [chatId, order.turnId])
      return
    case 'reorder-prompts':
      // Their numbers are dealt out anew among them, so that nobody else's place changes.
      await tx.query(
        `with waiting as (select id, ord, row_number() over (order by ord) as n from command where "chatId" = $1 and id = any($2) and state = 'queued')
         update command k set ord = place.ord
         from unnest($2::uuid[]) with ordinality as wanted(id, n) join waiting place on place.n = wanted.n
         where k.id = wanted.id and k."chatId" = $1 and k.state = 'queued'`,
        [chatId, order.turnIds],
      )
      return
    case 'cancel':
      await tx.query(`insert into command (id, "chatId", kind, "turnId", "by", body) values ($1, $2, 'cancel', $3, $4, '{}')`, [
        mintUuid(),
        chatId,
        order.turnId,
        order.by,
      ])
      return
    case 'answer':
      // Unique by chat and request: even without the lock, the first answer would win.
      await tx.query(
        `insert into command (id, "chatId", kind, "turnId", "requestId", "by", body) values ($1, $2, 'permission', $3, $4, $5, $6)`,
        [mintUuid(), chatId, order.turnId, order.requestId, order.by, JSON.stringify({ optionId: order.optionId, rule: order.rule })],
      )
      return
    case 'answer-form':
      await tx.query(
        `insert into command (id, "chatId", kind, "turnId", "requestId", "by", body) values ($1, $2, 'elicitation', $3, $4, $5, $6)`,
        [mintUuid(), chatId, order.turnId, order.requestId, order.by, JSON.stringify({ action: order.action, answers: order.answers })],
      )
      return
  }
}
