import { expect, it } from 'vitest'
import { askingId } from '#core/chat/asking.ts'
import { askingAbout, askingWords, openAsking } from '#components/chat/asking.model.ts'
import { noUsage, type PermissionItem, type QuestionItem, type Turn } from '#core/chat/view.ts'

const at = '2026-01-01T00:00:00.000Z'
const permission: PermissionItem = {
  is: 'permission',
  requestId: 'p' as never,
  toolCallId: 't' as never,
  title: 'npm test',
  kind: 'execute',
  content: [],
  input: { command: 'npm test' },
  options: [],
  requestedAt: at,
  answer: { is: 'open' },
}
const question: QuestionItem = {
  is: 'question',
  questionId: 'q' as never,
  question: 'Which one?',
  choices: [],
  askedAt: at,
  answer: { is: 'open' },
}
const turn = (given: Partial<Turn>): Turn => ({
  turnId: 't1' as never,
  by: 'ada' as never,
  prompt: [],
  requestedAt: at,
  acceptedAt: at,
  endedAt: null,
  status: 'waiting',
  items: [],
  failure: null,
  openFailure: null,
  endedAs: null,
  cancelledBy: null,
  usage: noUsage,
  changes: null,
  progress: null,
  ...given,
})

it('collects what waits in turns that still run, permission or question, the oldest first', () => {
  const closed = { ...question, answer: { is: 'closed', at } } as const
  expect(
    openAsking([turn({ items: [question, closed, permission] }), turn({ status: 'completed', endedAt: at, items: [question] })]),
  ).toEqual([question, permission])
})

it('says of each who asks, and what', () => {
  expect([permission, question].map((each) => [askingId(each), askingWords(each, 'Codex'), askingAbout(each)])).toEqual([
    ['p', 'Codex asks to run a command', 'npm test'],
    ['q', 'Codex asks you', 'Which one?'],
  ])
})
