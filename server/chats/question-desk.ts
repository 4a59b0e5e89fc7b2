/**
 * Answers what agents ask where no person has to: by a rule of the project as soon as it is asked, and with no once the time
 * is over. Both stand in the database, so a restart forgets neither; the first answer wins, whoever gives it.
 * From: the bus, and a sweep for what it missed. Next: `commit.ts`.
 */
import type { Asked } from '#core/chat/asked.ts'
import { DomainError } from '#core/errors.ts'
import type { ChatId, RequestId } from '#core/ids.ts'
import { decidingRule, optionOf, ruleWords, type PermissionRule } from '#core/projects/permission-rules.ts'
import { carryOut } from '#server/chats/commit.ts'
import { pool } from '#server/db/client.ts'
import { log } from '#server/log.ts'
import { onHint } from '#server/realtime/bus.ts'

const SWEEP_EVERY_MS = 5_000

type Question = { chatId: ChatId; requestId: RequestId; asked: Asked | null; rules: PermissionRule[]; isJudged: boolean; isOver: boolean }

/** Open questions that the rules have not been asked about, or whose time is over: of one chat, or of all. */
async function findQuestions(chatId: ChatId | null): Promise<Question[]> {
  const { rows } = await pool().query<Question>(
    `select q."chatId", q."requestId", q.asked, p."permissionRules" as rules, q."isJudged", coalesce(q."deadlineAt" < now(), false) as "isOver"
     from permission_question q join chat c on c.id = q."chatId" join project p on p.id = c."projectId"
     where q."isOpen" and ($1::uuid is null or q."chatId" = $1) and (not q."isJudged" or q."deadlineAt" < now()) limit 500`,
    [chatId],
  )
  return rows
}

/** Resolves when everything that can be answered without a person is. */
export async function answerUnasked(chatId: ChatId | null = null): Promise<void> {
  for (const question of await findQuestions(chatId)) await answerOne(question)
}

async function answerOne({ chatId, requestId, asked, rules, isJudged, isOver }: Question): Promise<void> {
  const actor = { chatId, isMaintainer: false }
  // A rule holds for what is asked after it was made.
  const rule = asked && !isJudged ? decidingRule(rules, asked) : null
  const answer = rule && asked ? optionOf(rule.effect, asked) : null
  try {
    if (rule && answer !== null) await carryOut(actor, { do: 'answerByRule', by: null, requestId, optionId: answer, rule: ruleWords(rule) })
    else if (isOver) await carryOut(actor, { do: 'expireQuestion', by: null, requestId, optionId: asked && optionOf('deny', asked) })
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    log.warn({ err: error, chatId, requestId }, 'A question could not be answered without a person')
  }
  await pool().query('update permission_question set "isJudged" = true where "chatId" = $1 and "requestId" = $2 and not "isJudged"', [
    chatId,
    requestId,
  ])
}

/** Returns how to stop. */
export function startQuestionDesk(): () => Promise<void> {
  let working: Promise<void> = Promise.resolve()
  const next = (chatId: ChatId | null): void => {
    working = working
      .then(() => answerUnasked(chatId))
      .catch((error: unknown) => log.warn({ err: error }, 'Questions of agents could not be looked after'))
  }
  const offHint = onHint((hint) => {
    if (hint.about === 'question') next(hint.chatId)
  })
  const sweeping = setInterval(() => next(null), SWEEP_EVERY_MS).unref()
  return async () => {
    offHint()
    clearInterval(sweeping)
    await working
  }
}
