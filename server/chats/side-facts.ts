/**
 * What some facts change beside the log, in the same transaction and under the same head's lock:
 * the head's own columns (what lists and the proxy ask), commands, open questions, the chat's row.
 * Called by `append.ts` alone, so none of these can disagree with the log.
 */
import type { PoolClient } from '#server/db/client.ts'
import { askedOf } from '#core/chat/asked.ts'
import { storable } from '#server/chats/events.ts'
import type { ChatFact } from '#core/chat/events.ts'
import { insertLoginTurn } from '#server/usage/login-turns.ts'

type Place = { tx: PoolClient; chatId: string; epoch: number | null }
/** `hasFailed`: what the head says of the model, read under its lock; left out where nobody read it. */
type Applying = Place & { hasFailed?: boolean }
type SideEffect<T extends ChatFact['type']> = (place: Place, fact: Extract<ChatFact, { type: T }>) => Promise<unknown>

const sideEffects: { [T in ChatFact['type']]?: SideEffect<T> } = {
  'chat.renamed': ({ tx, chatId }, { title }) => tx.query('update chat set title = $2 where id = $1', [chatId, title]),
  'title.suggested': ({ tx, chatId }, { title }) => tx.query(`update chat set title = $2 where id = $1 and title = ''`, [chatId, title]),
  'chat.archived': ({ tx, chatId }) => tx.query('update chat set "archivedAt" = now() where id = $1', [chatId]),
  'chat.unarchived': ({ tx, chatId }) => tx.query('update chat set "archivedAt" = null where id = $1', [chatId]),
  'model.chosen': ({ tx, chatId }, { model }) => tx.query('update chat set model = $2 where id = $1', [chatId, model]),
  'turn.requested': ({ tx, chatId }) => touch(tx, chatId),

  /** Takes effect only while the prompt still waits (people edit and withdraw until this very commit), and one at a time. */
  'turn.accepted': async ({ tx, chatId, epoch }, { turnId }) => {
    await tx.query(
      `with taken as (
         update command set state = 'accepted', epoch = $3
         where id = $2 and "chatId" = $1 and kind = 'prompt' and state = 'queued'
           and exists (select 1 from chat_head h where h."chatId" = $1 and h."activeTurn" is null) returning "by")
       update chat_head set "activeTurn" = $2, "activeBy" = taken."by", "waitingFor" = 0, "modelFailed" = false
       from taken where "chatId" = $1`,
      [chatId, turnId, epoch],
    )
    await touch(tx, chatId)
  },
  'turn.ended': async (place, { turnId, outcome, usage }) => {
    const hasEnded = await endTurn(place, turnId, outcome)
    if (hasEnded && usage) await insertLoginTurn(place.tx, { chatId: place.chatId, turnId, outcome, usage })
  },
  'turn.interrupted': (place, { turnId }) => endTurn(place, turnId, 'interrupted'),

  'permission.requested': async ({ tx, chatId }, fact) => {
    await tx.query(
      `insert into permission_question ("chatId", "requestId", "turnId", options, asked, "deadlineAt")
       select c.id, $2, $3, $4, $5, now() + p."questionDeadlineMinutes" * interval '1 minute'
       from chat c join project p on p.id = c."projectId" where c.id = $1 on conflict do nothing`,
      [chatId, fact.requestId, fact.turnId, fact.options.map((option) => option.optionId), JSON.stringify(storable(askedOf(fact)))],
    )
    await countQuestions(tx, chatId)
  },
  /** Rules are about what an agent may do; what it wants to know, people alone can say. */
  'elicitation.requested': async ({ tx, chatId }, { requestId, turnId, form }) => {
    await tx.query(
      `insert into permission_question ("chatId", "requestId", "turnId", options, kind, form, "isJudged", "deadlineAt")
       select c.id, $2, $3, '{}', 'elicitation', $4, true, now() + p."questionDeadlineMinutes" * interval '1 minute'
       from chat c join project p on p.id = c."projectId" where c.id = $1 on conflict do nothing`,
      [chatId, requestId, turnId, JSON.stringify(storable(form))],
    )
    await countQuestions(tx, chatId)
  },
  'elicitation.answered': (place, { requestId }) => closeQuestion(place, requestId),
  'elicitation.closed': (place, { requestId }) => closeQuestion(place, requestId),
  'question.asked': async ({ tx, chatId }, { questionId, turnId, choices }) => {
    // No rule of the project answers it, and it waits for as long as its turn does.
    await tx.query(
      `insert into permission_question ("chatId", "requestId", "turnId", options, kind, "isJudged") values ($1, $2, $3, $4, 'question', true)
       on conflict do nothing`,
      [chatId, questionId, turnId, storable(choices)],
    )
    await countQuestions(tx, chatId)
  },
  'question.answered': async ({ tx, chatId }, { questionId, by, answer }) => {
    await tx.query(
      `update permission_question set "isOpen" = false, answer = $3, "answeredBy" = $4, "answeredAt" = now()
       where "chatId" = $1 and "requestId" = $2 and "isOpen"`,
      [chatId, questionId, storable(answer), by],
    )
    await countQuestions(tx, chatId)
  },
  'permission.answered': (place, { requestId }) => closeQuestion(place, requestId),
  'permission.closed': (place, { requestId }) => closeQuestion(place, requestId),

  /** A late word about an earlier turn says nothing of the one that runs now. */
  'model.failed': ({ tx, chatId }, { turnId }) =>
    tx.query(
      `update chat_head set "modelFailed" = true where "chatId" = $1 and not "modelFailed" and ("activeTurn" is null or "activeTurn" = $2)`,
      [chatId, turnId],
    ),
  /** As in the fold: a request to the model that had failed has succeeded after all. */
  'usage.metered': ({ tx, chatId }, { turnId, model }) =>
    tx.query(
      `update chat_head set "modelFailed" = false
       where "chatId" = $1 and "modelFailed" and ("activeTurn" is null or "activeTurn" = $2)
         and (select coalesce(e.payload->>'model', $3) is not distinct from $3 from chat_event e
              where e."chatId" = $1 and e.type = 'model.failed' order by e.seq desc limit 1)`,
      [chatId, turnId, model],
    ),
}

/** Facts after which a list of chats looks different. */
const listed = new Set<ChatFact['type']>([
  'chat.created',
  'chat.renamed',
  'chat.archived',
  'chat.unarchived',
  'title.suggested',
  'turn.requested',
  'turn.withdrawn',
  'turn.accepted',
  'turn.ended',
  'turn.interrupted',
  'permission.requested',
  'permission.answered',
  'permission.closed',
  'elicitation.requested',
  'elicitation.answered',
  'elicitation.closed',
  'question.asked',
  'question.answered',
  'model.failed',
])

export const changesLists = (facts: readonly ChatFact[]): boolean => facts.some((fact) => listed.has(fact.type))

/** Streamed output, almost all of a log, has none and is appended by one statement alone. */
export const hasSideEffects = (facts: readonly ChatFact[]): boolean => facts.some((fact) => fact.type in sideEffects)

/** In the order of the facts: a turn may be accepted and ended within one batch. */
export async function applySideFacts({ hasFailed = true, ...place }: Applying, facts: readonly ChatFact[]): Promise<void> {
  let mayHaveFailed = hasFailed
  for (const fact of facts) {
    if (fact.type === 'model.failed') mayHaveFailed = true
    // Every model request says it; almost none of them comes after a failure.
    if (fact.type === 'usage.metered' && !mayHaveFailed) continue
    await (sideEffects[fact.type] as SideEffect<typeof fact.type> | undefined)?.(place, fact)
  }
}

const touch = (tx: PoolClient, chatId: string) => tx.query('update chat set "lastActivityAt" = now() where id = $1', [chatId])

/**
 * A turn that no command waits for any more (withdrawn, or ended before) changes nothing, and is false.
 * What people asked of the turn is over with it; its open questions can no longer be answered.
 */
async function endTurn({ tx, chatId }: Place, turnId: string, outcome: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    // What people answered has reached the agent by now; in clear it stood here alone.
    `update command set state = 'done', body = body - 'answers' where "chatId" = $1 and "turnId" = $2 and state in ('queued', 'accepted')`,
    [chatId, turnId],
  )
  await tx.query('update permission_question set "isOpen" = false where "chatId" = $1 and "turnId" = $2 and "isOpen"', [chatId, turnId])
  if (!rowCount) return false
  await tx.query(
    `update chat_head set "lastOutcome" = $3, "waitingFor" = 0,
       "activeTurn" = nullif("activeTurn", $2), "activeBy" = case when "activeTurn" = $2 then null else "activeBy" end
     where "chatId" = $1`,
    [chatId, turnId, outcome],
  )
  // By now the agent has been told what a fork carries over; one that was stopped or lost before may not have.
  if (outcome === 'completed') await tx.query('update chat set "forkContext" = null where id = $1 and "forkContext" is not null', [chatId])
  await touch(tx, chatId)
  return true
}

async function closeQuestion({ tx, chatId }: Place, requestId: string): Promise<void> {
  await tx.query('update permission_question set "isOpen" = false where "chatId" = $1 and "requestId" = $2', [chatId, requestId])
  await countQuestions(tx, chatId)
}

const countQuestions = (tx: PoolClient, chatId: string) =>
  tx.query(
    `update chat_head set "waitingFor" = (select count(*) from permission_question q where q."chatId" = $1 and q."isOpen")
     where "chatId" = $1`,
    [chatId],
  )
