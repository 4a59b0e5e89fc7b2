/** What an agent wants to know, what somebody types in answer to it, and what became of it. */
import type { ElicitationAnswers, ElicitationForm, FormField, Problem } from '#core/chat/elicitation.ts'
import type { ElicitationItem } from '#core/chat/view.ts'
import { sayClock } from '#components/chat/amounts.model.ts'

export const elicitationWords = ({ form }: Pick<ElicitationItem, 'form'>, agent: string): string =>
  form.mode === 'url' ? `${agent} asks you to open a page` : `${agent} asks you something`

/** As it stands in the fields of the form: text, a tick, or the chosen values. */
export type Draft = Readonly<Record<string, string | boolean | readonly string[]>>

export const beginning = (form: ElicitationForm): Draft =>
  Object.fromEntries((form.mode === 'form' ? form.fields : []).map((field) => [field.name, initialOf(field)]))

function initialOf(field: FormField): Draft[string] {
  switch (field.type) {
    case 'text':
      return field.initial === null ? '' : field.format === 'date-time' ? inFieldTime(field.initial) : field.initial
    case 'number':
      return field.initial === null ? '' : String(field.initial)
    case 'yes-no':
      return field.initial ?? false
    case 'choice':
      return field.isMany ? field.initial : (field.initial[0] ?? '')
  }
}

/** What the draft says in ACP's shapes. What is empty and may be, is no answer; words where a number belongs stay words. */
export function answersOf(form: ElicitationForm, draft: Draft): ElicitationAnswers {
  const fields = form.mode === 'form' ? form.fields : []
  return Object.fromEntries(
    fields.flatMap((field): [string, ElicitationAnswers[string]][] => {
      const value = draft[field.name]
      if (typeof value === 'boolean') return [[field.name, value]]
      if (value === undefined || value.length === 0) return []
      if (typeof value !== 'string') return [[field.name, [...value]]]
      if (field.type === 'number') return [[field.name, Number.isFinite(Number(value)) ? Number(value) : value]]
      return [[field.name, field.type === 'text' && field.format === 'date-time' ? toMoment(value) : value]]
    }),
  )
}

/** A browser's field for a moment knows no time zone: it is the reader's. */
function toMoment(local: string): string {
  const ms = Date.parse(local)
  return Number.isNaN(ms) ? local : new Date(ms).toISOString()
}

function inFieldTime(iso: string): string {
  const at = new Date(iso)
  if (Number.isNaN(at.getTime())) return ''
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

const formats = { email: 'an e-mail address', uri: 'a link', date: 'a day', 'date-time': 'a day and a time' } as const

export function problemWords(problem: Problem): string {
  switch (problem.is) {
    case 'missing':
      return 'This is needed.'
    case 'wrong-kind':
      return 'This has to be a number.'
    case 'not-whole':
      return 'This has to be a whole number.'
    case 'too-short':
      return `At least ${problem.limit} characters.`
    case 'too-long':
      return `At most ${problem.limit} characters.`
    case 'too-small':
      return `At least ${problem.limit}.`
    case 'too-large':
      return `At most ${problem.limit}.`
    case 'too-few':
      return `Choose at least ${problem.limit}.`
    case 'too-many':
      return `Choose at most ${problem.limit}.`
    case 'wrong-format':
      return `This has to be ${formats[problem.format]}.`
    case 'not-offered':
      return 'Choose one of those offered.'
  }
}

/** Where a link leads, as its reader has to see it: the host by itself, and whether it can be listened to. */
export function placeOf(url: string): { host: string; isSecure: boolean } {
  const { host, protocol } = new URL(url)
  return { host, isSecure: protocol === 'https:' }
}

const closings = {
  cancelled: 'Not answered: the turn was stopped',
  'turn-ended': 'Not answered before the turn ended',
  'agent-lost': 'Not answered: the agent was gone',
  expired: 'Expired: nobody answered in time, and the agent was told so',
  withdrawn: 'The agent took its question back',
} as const satisfies Record<Extract<ElicitationItem['answer'], { is: 'closed' }>['reason'], string>

export type ElicitationOutcome = { words: string; isAnswered: boolean; answers: readonly { title: string; value: string }[] }

/** "Answered by Mei, 14:02", and what; null while the question is open. */
export function elicitationOutcome({ answer, form }: ElicitationItem, nameOf: (userId: string) => string): ElicitationOutcome | null {
  if (answer.is === 'open') return null
  if (answer.is === 'closed') return { words: closings[answer.reason], isAnswered: false, answers: [] }
  const by = `${nameOf(answer.by)}, ${sayClock(answer.at)}`
  if (answer.action === 'decline') return { words: `Declined by ${by}`, isAnswered: false, answers: [] }
  if (answer.action === 'cancel') return { words: `Dismissed by ${by}`, isAnswered: false, answers: [] }
  if (form.mode === 'url') return { words: `Opened by ${by}`, isAnswered: true, answers: [] }
  const answers = form.fields.flatMap((field) => {
    const value = answer.answers[field.name]
    return value === undefined ? [] : [{ title: field.title, value: valueWords(field, value) }]
  })
  return { words: `Answered by ${by}`, isAnswered: true, answers }
}

function valueWords(field: FormField, value: ElicitationAnswers[string]): string {
  if (typeof value === 'boolean') return value ? 'Yes' : 'No'
  if (field.type !== 'choice') return String(value)
  const titleOf = (each: string) => field.choices.find((choice) => choice.value === each)?.title ?? each
  return (Array.isArray(value) ? value : [String(value)]).map(titleOf).join(', ')
}
