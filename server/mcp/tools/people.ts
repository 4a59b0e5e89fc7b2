/** What an agent asks and tells the people who follow its chat, outside of its reply. */
import { z } from 'zod'
import { CHOICE_MAX_CHARS, CHOICES_MAX, QUESTION_MAX_CHARS } from '#core/chat/events.ts'
import { RequestId } from '#core/ids.ts'
import { recordServerFacts } from '#server/chats/append.ts'
import { storable } from '#server/chats/events.ts'
import { askQuestion, waitForAnswer } from '#server/chats/questions.ts'
import { mintUuid } from '#server/db/mint.ts'
import { defineTool, ToolRefusal, type ToolCaller } from '#server/mcp/tool.ts'

/** Less than the shortest patience that an agent has with a tool, which is a minute. */
const WAIT_MS = 45_000

const Answer = z.object({
  questionId: z.string(),
  status: z.enum(['answered', 'waiting', 'closed']),
  answer: z.string().nullable(),
  by: z.string().nullable(),
})

export const askPerson = defineTool({
  name: 'ask_person',
  title: 'Ask a person',
  description:
    'Asks the people of this chat a question, shown as a card that anybody who may prompt here can answer. Use it when you cannot go on without a decision. ' +
    'Waits for a while; if nobody has answered by then, wait on with read_answer. The question is over when your turn ends.',
  input: z.object({
    question: z.string().trim().min(1).max(QUESTION_MAX_CHARS),
    choices: z.array(z.string().trim().min(1).max(CHOICE_MAX_CHARS)).max(CHOICES_MAX).default([]),
  }),
  output: Answer,
  changes: true,
  async call(caller, { question, choices }) {
    const { run, scope } = caller
    const questionId = RequestId.parse(mintUuid())
    await askQuestion({ chatId: run.chatId, by: scope.userId }, { questionId, turnId: run.turnId, question, choices })
    return answerTo(caller, questionId)
  },
})

export const readAnswer = defineTool({
  name: 'read_answer',
  title: 'Wait for an answer',
  description: 'Waits for the answer to a question that you asked with ask_person in this turn.',
  input: z.object({ questionId: z.string().max(100) }),
  output: Answer,
  changes: false,
  async call(caller, { questionId }) {
    const read = RequestId.safeParse(questionId)
    if (!read.success) throw new ToolRefusal('There is no such question.')
    return answerTo(caller, read.data)
  },
})

async function answerTo({ run, signal }: ToolCaller, questionId: RequestId): Promise<z.infer<typeof Answer>> {
  const standing = await waitForAnswer(run, questionId, { withinMs: WAIT_MS, signal })
  if (!standing) throw new ToolRefusal('There is no such question in this turn.')
  if (standing.is === 'answered') return { questionId, status: 'answered', answer: standing.answer, by: standing.byName }
  return { questionId, status: standing.is === 'open' ? 'waiting' : 'closed', answer: null, by: null }
}

export const reportProgress = defineTool({
  name: 'report_progress',
  title: 'Report progress',
  description:
    'Tells the people who follow this chat where you stand, in one short line. Use it in long work; it is no part of your reply.',
  input: z.object({ note: z.string().trim().min(1).max(300), fraction: z.number().min(0).max(1).optional() }),
  output: z.object({ isShown: z.boolean() }),
  changes: true,
  async call({ run }, { note, fraction }) {
    const { chatId, turnId } = run
    await recordServerFacts(chatId, [{ type: 'progress.reported', turnId, note: storable(note), fraction: fraction ?? null }])
    return { isShown: true }
  },
})
