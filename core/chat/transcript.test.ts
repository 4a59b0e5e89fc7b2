import { expect, it } from 'vitest'
import { transcriptOf, TURN_MAX_CHARS } from '#core/chat/transcript.ts'
import { noUsage, type Turn, type TurnItem } from '#core/chat/view.ts'

const at = '2026-01-01T00:00:00.000Z'
const turn = (given: Partial<Turn>): Turn => ({
  turnId: 't' as never,
  by: 'ada' as never,
  prompt: [{ type: 'text', text: 'Fix the parser' }],
  requestedAt: at,
  acceptedAt: at,
  endedAt: at,
  status: 'completed',
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
const naming = { agent: 'Codex', nameOf: () => 'Ada' }
const reply = (text: string): TurnItem => ({ is: 'reply', messageId: 'm' as never, text })

it('tells what was asked, said, run and changed, and nothing of what tools held', () => {
  const tool: TurnItem = {
    is: 'tool',
    toolCallId: 'c' as never,
    title: 'Run the tests',
    kind: 'execute',
    status: 'failed',
    content: [{ type: 'text', text: 'a long output' }],
    locations: [],
    input: { command: 'cat .env' },
    startedAt: at,
    endedAt: at,
  }
  const question: TurnItem = {
    is: 'question',
    questionId: 'q' as never,
    question: 'Which one?',
    choices: [],
    askedAt: at,
    answer: { is: 'answered', by: 'mei' as never, text: 'This', at },
  }
  const thought: TurnItem = { is: 'thought', messageId: 'm' as never, text: 'hidden', startedAt: at, lastAt: at }
  const changes = { files: [{ path: 'a.ts', status: 'modified' as const, added: 2, removed: 1, isBinary: false }], isTruncated: false }
  expect(transcriptOf(turn({ items: [thought, tool, question, reply('It works. ')], changes }), 3, naming)).toBe(
    [
      '## Turn 3: Ada, 2026-01-01T00:00:00.000Z',
      'Fix the parser',
      '### Codex',
      '[tool: Run the tests (failed)]',
      '[asked people: Which one?, and was answered: This]',
      'It works.',
      'Files changed since the chat began:\n- modified a.ts (+2 −1)',
      '(completed)',
    ].join('\n\n'),
  )
  expect(transcriptOf(turn({ endedAt: null, status: 'running' }), 0, naming)).toMatch(/\(not ended: running\)$/)
})

it('cuts a long turn in its middle', () => {
  const text = transcriptOf(turn({ items: [reply(`${'😀'.repeat(20_000)} the end`)] }), 0, naming)
  expect(text.length).toBeLessThanOrEqual(TURN_MAX_CHARS)
  expect(text.isWellFormed()).toBe(true)
  expect(text).toMatch(/^## Turn 0[^]*characters are left out[^]*the end\n\n\(completed\)$/)
})
