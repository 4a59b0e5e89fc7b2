/**
 * Questions that agents ask the people of their chat by a tool of our MCP server. They stand in the log like everything else
 * that people see; the tool waits here for the answer. From: `server/mcp`, and for answers `router.ts`. Next: `commit.ts`.
 */
import type { ChatId, RequestId, TurnId, UserId } from '#core/ids.ts'
import type { ChatScope } from '#server/access/scope.ts'
import { carryOut } from '#server/chats/commit.ts'
import { storable } from '#server/chats/events.ts'
import { demandSpending, withName } from '#server/chats/service.ts'
import { pool } from '#server/db/client.ts'
import { onHint, publish } from '#server/realtime/bus.ts'

type NewQuestion = { questionId: RequestId; turnId: TurnId; question: string; choices: readonly string[] }

/** @throws turn.missing when the turn is no longer under way; question.too-many */
export async function askQuestion(
  { chatId, by }: { chatId: ChatId; by: UserId },
  { question, choices, ...ids }: NewQuestion,
): Promise<void> {
  await carryOut(
    { chatId, isMaintainer: false },
    { do: 'askQuestion', by, ...ids, question: storable(question), choices: storable(choices) },
  )
}

/** For whoever may prompt: the answer goes to the agent. @throws question.missing, question.already-answered */
export async function answerQuestion(scope: ChatScope, { questionId, answer }: { questionId: RequestId; answer: string }): Promise<void> {
  await demandSpending(scope)
  const actor = { chatId: scope.chatId, isMaintainer: false }
  try {
    await carryOut(actor, { do: 'answerQuestion', by: scope.userId, requestId: questionId, answer: storable(answer) })
  } catch (error) {
    throw await withName(error)
  }
  publish({ about: 'question', chatId: scope.chatId })
}

/** `closed`: its turn has ended without an answer. */
export type Standing = { is: 'open' } | { is: 'closed' } | { is: 'answered'; answer: string; byName: string }

/** Null for one that was not asked in this turn of this chat. */
export async function findStanding(
  { chatId, turnId }: { chatId: ChatId; turnId: TurnId },
  questionId: RequestId,
): Promise<Standing | null> {
  const { rows } = await pool().query<{ isOpen: boolean; answer: string | null; byName: string | null }>(
    `select q."isOpen", q.answer, u.name as "byName" from permission_question q left join "user" u on u.id = q."answeredBy"
     where q."chatId" = $1 and q."requestId" = $2 and q."turnId" = $3 and q.kind = 'question'`,
    [chatId, questionId, turnId],
  )
  const [row] = rows
  if (!row) return null
  if (row.answer !== null) return { is: 'answered', answer: row.answer, byName: row.byName ?? 'A former member' }
  return { is: row.isOpen ? 'open' : 'closed' }
}

/** What the bus missed is seen after this. */
const LOOK_EVERY_MS = 2_000

/** As it stands once it is answered or closed, or when the time or whoever waits is over. */
export async function waitForAnswer(
  place: { chatId: ChatId; turnId: TurnId },
  questionId: RequestId,
  { withinMs, signal }: { withinMs: number; signal: AbortSignal },
): Promise<Standing | null> {
  const untilMs = Date.now() + withinMs
  for (;;) {
    const heard = nextWord(place.chatId, { withinMs: Math.min(LOOK_EVERY_MS, Math.max(0, untilMs - Date.now())), signal })
    const standing = await findStanding(place, questionId)
    if (standing?.is !== 'open' || Date.now() >= untilMs || signal.aborted) {
      heard.stop()
      return standing
    }
    await heard.over
  }
}

/** Listens from now on, so that an answer between looking and waiting is not missed. */
function nextWord(
  chatId: ChatId,
  { withinMs, signal }: { withinMs: number; signal: AbortSignal },
): { over: Promise<void>; stop: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  const off = onHint((hint) => {
    if (hint.about === 'question' && hint.chatId === chatId) stop()
  })
  const timer = setTimeout(stop, withinMs)
  signal.addEventListener('abort', stop, { once: true })
  function stop(): void {
    off()
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    resolve()
  }
  return { over: promise, stop }
}
