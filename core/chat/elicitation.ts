/**
 * What an agent may ask people beside permission (ACP elicitation): a small form, or to open a page. The form as we keep
 * it, and the one judgement of answers that browser and server share. Pure.
 */
import { z } from 'zod'

const FIELDS_MAX = 30
const CHOICES_MAX = 200
export const ANSWER_MAX_CHARS = 10_000

const Words = z.string().max(2_000)
const about = { name: z.string().min(1).max(200), title: Words, description: Words.nullable(), isRequired: z.boolean() }

/** It looks like a secret, which no form may ask for: shown with a warning, and never written down in clear. */
const isSecret = z.boolean()

export const FormField = z.discriminatedUnion('type', [
  z.object({
    ...about,
    type: z.literal('text'),
    isSecret,
    format: z.enum(['email', 'uri', 'date', 'date-time']).nullable(),
    minLength: z.int().nonnegative().nullable(),
    maxLength: z.int().nonnegative().nullable(),
    initial: z.string().nullable(),
  }),
  z.object({
    ...about,
    type: z.literal('number'),
    // A node that has not been updated yet says nothing of it.
    isSecret: isSecret.default(false),
    isInteger: z.boolean(),
    minimum: z.number().nullable(),
    maximum: z.number().nullable(),
    initial: z.number().nullable(),
  }),
  z.object({ ...about, type: z.literal('yes-no'), initial: z.boolean().nullable() }),
  z.object({
    ...about,
    type: z.literal('choice'),
    isMany: z.boolean(),
    choices: z
      .array(z.object({ value: Words, title: Words, description: Words.nullable() }))
      .min(1)
      .max(CHOICES_MAX),
    minItems: z.int().nonnegative().nullable(),
    maxItems: z.int().nonnegative().nullable(),
    initial: z.array(Words),
  }),
])
export type FormField = z.infer<typeof FormField>

export const ElicitationForm = z.discriminatedUnion('mode', [
  z.object({ mode: z.literal('form'), fields: z.array(FormField).max(FIELDS_MAX) }),
  z.object({ mode: z.literal('url'), url: z.url({ protocol: /^https?$/ }).max(4_000) }),
])
export type ElicitationForm = z.infer<typeof ElicitationForm>

/** By the name of the field, in ACP's own shapes; a field that is left empty is absent. */
export const ElicitationAnswers = z.record(
  z.string().max(200),
  z.union([z.string().max(ANSWER_MAX_CHARS), z.number(), z.boolean(), z.array(Words).max(CHOICES_MAX)]),
)
export type ElicitationAnswers = z.infer<typeof ElicitationAnswers>

/** `cancel` closes the question without a word; both it and `decline` give the agent nothing. */
export const ElicitationAction = z.enum(['accept', 'decline', 'cancel'])
export type ElicitationAction = z.infer<typeof ElicitationAction>

export type Problem =
  | { is: 'missing' }
  | { is: 'wrong-kind' }
  | { is: 'too-short' | 'too-long' | 'too-small' | 'too-large' | 'too-few' | 'too-many'; limit: number }
  | { is: 'wrong-format'; format: 'email' | 'uri' | 'date' | 'date-time' }
  | { is: 'not-whole' }
  | { is: 'not-offered' }

const formats = { email: z.email(), uri: z.url(), date: z.iso.date(), 'date-time': z.iso.datetime({ offset: true }) }

/**
 * What is wrong with answers, by the name of the field; empty when nothing is. A pattern of the agent's is not run: it
 * is foreign code against our time, and the agent looks itself.
 */
export function problemsOf(form: ElicitationForm, answers: ElicitationAnswers): Record<string, Problem> {
  const fields = form.mode === 'form' ? form.fields : []
  const problems = new Map<string, Problem>()
  for (const name of Object.keys(answers)) if (!fields.some((field) => field.name === name)) problems.set(name, { is: 'not-offered' })
  for (const field of fields) {
    const problem = problemOf(field, Object.hasOwn(answers, field.name) ? answers[field.name] : undefined)
    if (problem) problems.set(field.name, problem)
  }
  return Object.fromEntries(problems)
}

function problemOf(field: FormField, answer: ElicitationAnswers[string] | undefined): Problem | null {
  if (answer === undefined) return field.isRequired ? { is: 'missing' } : null
  switch (field.type) {
    case 'text':
      return typeof answer === 'string' ? textProblem(field, answer) : { is: 'wrong-kind' }
    case 'number':
      return typeof answer === 'number' && Number.isFinite(answer) ? numberProblem(field, answer) : { is: 'wrong-kind' }
    case 'yes-no':
      return typeof answer === 'boolean' ? null : { is: 'wrong-kind' }
    case 'choice':
      if (field.isMany) return Array.isArray(answer) ? manyProblem(field, answer) : { is: 'wrong-kind' }
      if (typeof answer !== 'string') return { is: 'wrong-kind' }
      return field.choices.some(({ value }) => value === answer) ? null : { is: 'not-offered' }
  }
}

type FieldOf<T extends FormField['type']> = Extract<FormField, { type: T }>

function textProblem({ isRequired, minLength, maxLength, format }: FieldOf<'text'>, answer: string): Problem | null {
  const { length } = Array.from(answer)
  if (isRequired && length === 0) return { is: 'missing' }
  if (minLength !== null && length < minLength) return { is: 'too-short', limit: minLength }
  if (maxLength !== null && length > maxLength) return { is: 'too-long', limit: maxLength }
  return format !== null && !formats[format].safeParse(answer).success ? { is: 'wrong-format', format } : null
}

function numberProblem({ isInteger, minimum, maximum }: FieldOf<'number'>, answer: number): Problem | null {
  if (isInteger && !Number.isInteger(answer)) return { is: 'not-whole' }
  if (minimum !== null && answer < minimum) return { is: 'too-small', limit: minimum }
  return maximum !== null && answer > maximum ? { is: 'too-large', limit: maximum } : null
}

function manyProblem({ isRequired, minItems, maxItems, choices }: FieldOf<'choice'>, answer: readonly string[]): Problem | null {
  if (isRequired && answer.length === 0) return { is: 'missing' }
  if (answer.some((each) => !choices.some(({ value }) => value === each)) || new Set(answer).size < answer.length)
    return { is: 'not-offered' }
  if (minItems !== null && answer.length < minItems) return { is: 'too-few', limit: minItems }
  return maxItems !== null && answer.length > maxItems ? { is: 'too-many', limit: maxItems } : null
}

export const MASKED = '••••••'

export const asksForSecret = (field: FormField): boolean => (field.type === 'text' || field.type === 'number') && field.isSecret

/** For the log: what looks like a secret is left out of it. */
export function withoutSecrets(form: ElicitationForm, answers: ElicitationAnswers): ElicitationAnswers {
  const secret = new Set(form.mode === 'form' ? form.fields.filter(asksForSecret).map(({ name }) => name) : [])
  return Object.fromEntries(Object.entries(answers).map(([name, answer]) => [name, secret.has(name) ? MASKED : answer]))
}

const SECRET = new RegExp(
  [
    'pass ?(word|phrase|code|key|wd)|pwd|secret|token(?!i[sz])|credential|mnemonic',
    '(api|private|access|signing|encryption|ssh|recovery|backup) ?key',
    '(seed|recovery) ?phrase',
    '(verification|verify|security|auth|authentication|authorization|authenticator|login|sign ?in|one ?time|access|recovery|backup|confirmation|sms|factor|device) ?code',
    '(?<![a-z])(pass|pin|otp|totp|mfa|[2t]fa|cvv|cvc)(?![a-z])',
  ].join('|'),
  'i',
)
/** They are counted, and open nothing. */
const COUNTED = /\b(max|maximum|min|minimum|total|number of|how many) ([a-z]+ )?tokens?\b/gi

/** By its name or title: MCP forbids forms that ask for secrets, and some ask all the same. */
export function looksSecret(words: string): boolean {
  const apart = words
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .replaceAll(/[\s_.-]+/g, ' ')
  return SECRET.test(apart.replaceAll(COUNTED, ''))
}
