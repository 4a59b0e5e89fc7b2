import { expect, it } from 'vitest'
import { problemsOf, type ElicitationForm } from '#core/chat/elicitation.ts'
import type { ElicitationItem } from '#core/chat/view.ts'
import { answersOf, beginning, elicitationOutcome, elicitationWords, placeOf } from '#components/chat/elicitation.model.ts'

const about = { description: null, isRequired: false }
const form: ElicitationForm = {
  mode: 'form',
  fields: [
    {
      ...about,
      type: 'text',
      name: 'name',
      title: 'Name',
      isSecret: false,
      format: null,
      minLength: null,
      maxLength: null,
      initial: 'api',
    },
    {
      ...about,
      type: 'text',
      name: 'when',
      title: 'When',
      isSecret: false,
      format: 'date-time',
      minLength: null,
      maxLength: null,
      initial: null,
    },
    { ...about, type: 'number', name: 'count', title: 'Count', isSecret: false, isInteger: true, minimum: null, maximum: null, initial: 2 },
    { ...about, type: 'yes-no', name: 'sure', title: 'Sure', initial: null },
    {
      ...about,
      type: 'choice',
      name: 'many',
      title: 'Many',
      isMany: true,
      choices: [
        { value: 'a', title: 'Alpha', description: null },
        { value: 'b', title: 'Beta', description: null },
      ],
      minItems: null,
      maxItems: null,
      initial: ['b'],
    },
  ],
}
const item = (over: Partial<ElicitationItem> = {}): ElicitationItem => ({
  is: 'elicitation',
  requestId: 'r1' as ElicitationItem['requestId'],
  message: 'Which?',
  form,
  requestedAt: '2026-11-21T08:00:00.000Z',
  answer: { is: 'open' },
  ...over,
})
const at = new Date(2026, 10, 21, 14, 2).toISOString()
const mei = 'mei' as never
const nameOf = () => 'Mei'

it('begins with what the agent proposes, and answers with what is there', () => {
  expect(beginning(form)).toEqual({ name: 'api', when: '', count: '2', sure: false, many: ['b'] })
  expect(answersOf(form, beginning(form))).toEqual({ name: 'api', count: 2, sure: false, many: ['b'] })
  expect(answersOf(form, { name: '', when: '2026-11-21T14:02', count: 'two', sure: true, many: [] })).toEqual({
    when: at,
    count: 'two',
    sure: true,
  })
})

it('lets words where a number belongs be refused instead of guessing one', () => {
  expect(problemsOf(form, answersOf(form, { count: 'two' }))).toEqual({ count: { is: 'wrong-kind' } })
})

it('says plainly where a link leads', () => {
  expect(placeOf('https://github.com@evil.test:8443/login')).toEqual({ host: 'evil.test:8443', isSecure: true })
  expect(placeOf('http://аpple.test/')).toEqual({ host: 'xn--pple-43d.test', isSecure: false })
})

it('says who answered and what, or why nobody did', () => {
  const answered = (action: 'accept' | 'decline' | 'cancel') =>
    elicitationOutcome(
      item({ answer: { is: 'answered', by: mei, action, answers: { many: ['a', 'b'], sure: false, count: 3 }, at } }),
      nameOf,
    )
  expect(elicitationOutcome(item(), nameOf)).toBeNull()
  expect(answered('accept')).toEqual({
    words: 'Answered by Mei, 14:02',
    isAnswered: true,
    answers: [
      { title: 'Count', value: '3' },
      { title: 'Sure', value: 'No' },
      { title: 'Many', value: 'Alpha, Beta' },
    ],
  })
  expect(answered('decline')?.words).toBe('Declined by Mei, 14:02')
  expect(answered('cancel')?.words).toBe('Dismissed by Mei, 14:02')
  expect(elicitationOutcome(item({ answer: { is: 'closed', reason: 'expired', at } }), nameOf)?.words).toMatch(/^Expired/)
  expect(elicitationWords(item({ form: { mode: 'url', url: 'https://example.test' } }), 'Codex')).toBe('Codex asks you to open a page')
})
