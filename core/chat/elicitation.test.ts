import { describe, expect, it } from 'vitest'
import {
  FormField,
  looksSecret,
  MASKED,
  problemsOf,
  withoutSecrets,
  type ElicitationAnswers,
  type ElicitationForm,
} from '#core/chat/elicitation.ts'

const about = { title: 'A', description: null, isRequired: false }
const text = (rest: Partial<Extract<FormField, { type: 'text' }>> = {}): FormField => ({
  ...about,
  type: 'text',
  name: 'a',
  isSecret: false,
  format: null,
  minLength: null,
  maxLength: null,
  initial: null,
  ...rest,
})
const number = (rest: Partial<Extract<FormField, { type: 'number' }>> = {}): FormField => ({
  ...about,
  type: 'number',
  name: 'a',
  isSecret: false,
  isInteger: false,
  minimum: null,
  maximum: null,
  initial: null,
  ...rest,
})
const choice = (rest: Partial<Extract<FormField, { type: 'choice' }>> = {}): FormField => ({
  ...about,
  type: 'choice',
  name: 'a',
  isMany: false,
  choices: ['x', 'y', 'z'].map((value) => ({ value, title: value, description: null })),
  minItems: null,
  maxItems: null,
  initial: [],
  ...rest,
})
const yesNo: FormField = { ...about, type: 'yes-no', name: 'a', initial: null }
const form = (...fields: FormField[]): ElicitationForm => ({ mode: 'form', fields })

describe('answers', () => {
  it.each<[string, FormField, ElicitationAnswers[string] | undefined, unknown]>([
    ['absent where it may be', text(), undefined, null],
    ['absent where it may not', text({ isRequired: true }), undefined, { is: 'missing' }],
    ['an empty text where one is wanted', text({ isRequired: true }), '', { is: 'missing' }],
    ['a text', text({ minLength: 1, maxLength: 3 }), 'abc', null],
    ['a text of another kind', text(), 5, { is: 'wrong-kind' }],
    ['a text that is too short', text({ minLength: 2 }), 'a', { is: 'too-short', limit: 2 }],
    ['a text that is too long, counted in characters', text({ maxLength: 2 }), '😀😀😀', { is: 'too-long', limit: 2 }],
    ['an address', text({ format: 'email' }), 'ada@example.test', null],
    ['no address', text({ format: 'email' }), 'ada', { is: 'wrong-format', format: 'email' }],
    ['no link', text({ format: 'uri' }), 'example', { is: 'wrong-format', format: 'uri' }],
    ['no day', text({ format: 'date' }), '2026-02-30', { is: 'wrong-format', format: 'date' }],
    ['a moment with its offset', text({ format: 'date-time' }), '2026-02-03T10:00:00+02:00', null],
    ['a number', number({ minimum: 1, maximum: 2 }), 1.5, null],
    ['a number in words', number(), '1', { is: 'wrong-kind' }],
    ['a number that is none', number(), Number.NaN, { is: 'wrong-kind' }],
    ['a part of a whole', number({ isInteger: true }), 1.5, { is: 'not-whole' }],
    ['a small number', number({ minimum: 1 }), 0, { is: 'too-small', limit: 1 }],
    ['a large number', number({ maximum: 1 }), 2, { is: 'too-large', limit: 1 }],
    ['a no, which is an answer', { ...yesNo, isRequired: true }, false, null],
    ['a yes in words', yesNo, 'true', { is: 'wrong-kind' }],
    ['a choice', choice(), 'x', null],
    ['another choice', choice(), 'w', { is: 'not-offered' }],
    ['several where one is wanted', choice(), ['x'], { is: 'wrong-kind' }],
    ['several', choice({ isMany: true, minItems: 1, maxItems: 2 }), ['x', 'z'], null],
    ['one twice', choice({ isMany: true }), ['x', 'x'], { is: 'not-offered' }],
    ['too few', choice({ isMany: true, minItems: 2 }), ['x'], { is: 'too-few', limit: 2 }],
    ['too many', choice({ isMany: true, maxItems: 1 }), ['x', 'y'], { is: 'too-many', limit: 1 }],
    ['none where some are wanted', choice({ isMany: true, isRequired: true }), [], { is: 'missing' }],
  ])('%s', (_, field, answer, problem) => {
    expect(problemsOf(form(field), answer === undefined ? {} : { a: answer })).toEqual(problem === null ? {} : { a: problem })
  })

  it('are refused for fields that nobody asked for, also by names that every object has', () => {
    const sent = JSON.parse('{"b":1,"__proto__":"x"}') as ElicitationAnswers
    expect(Object.keys(problemsOf(form(text()), sent)).toSorted()).toEqual(['__proto__', 'b'])
    expect(problemsOf({ mode: 'url', url: 'https://example.test' }, { a: 'x' })).toEqual({ a: { is: 'not-offered' } })
    expect(problemsOf(form(text({ name: 'toString', isRequired: true })), {})).toEqual({ toString: { is: 'missing' } })
  })
})

it('keeps what looks like a secret out of the log, also when it is a number', () => {
  const answers = { a: 'hunter2', b: 'blue', c: 4711, d: 5 }
  const asked = form(text({ isSecret: true }), text({ name: 'b' }), number({ name: 'c', isSecret: true }), number({ name: 'd' }))
  expect(withoutSecrets(asked, answers)).toEqual({ a: MASKED, b: 'blue', c: MASKED, d: 5 })
})

it('takes a number of which nothing says whether it is a secret', () => {
  const { isSecret: _, ...told } = number() as Extract<FormField, { type: 'number' }>
  expect(FormField.parse(told)).toEqual(number())
})

const secrets = `password, dbPassword, passwd, pwd, DB_PWD, smtp_pass, passCode, sshPassphrase, API key, api_key, APIKey, GITHUB_TOKEN, authtoken,
  Client secret, seed-phrase, Your PIN, user_pin, userPIN, cardPin2, otp_code, otpCode, OTPCode, totp, 2fa code, 2FA, mfa_code, cvv,
  verification code, verification_code, verificationCode, one-time code, Sign-in code, two-factor code`
const others = `name, branch, pinned, author, passing tests, passenger, opinion, shipping, country code, code style, tokenizer, max_tokens,
  maxOutputTokens, Number of tokens, keyboard`
it.each(secrets.split(/,\s+/))('%s looks like a secret', (words) => expect(looksSecret(words)).toBe(true))
it.each(others.split(/,\s+/))('%s does not', (words) => expect(looksSecret(words)).toBe(false))
