import { expect, it } from 'vitest'
import { replyOf, translateElicitation } from '#agent/acp/translate-elicitation.ts'

const ask = (properties: object, required: string[] = []) =>
  translateElicitation({ mode: 'form', sessionId: 's', message: 'Tell me', requestedSchema: { type: 'object', properties, required } })
const fields = (properties: object, required: string[] = []) => {
  const form = ask(properties, required)?.form
  return form?.mode === 'form' ? form.fields : null
}

it('reads every kind of field that ACP has', () => {
  expect(
    fields(
      {
        name: { type: 'string', title: 'Name', minLength: 1, default: 'x' },
        mail: { type: 'string', format: 'email' },
        count: { type: 'integer', minimum: 1, maximum: 9, default: 3 },
        share: { type: 'number' },
        user_pin: { type: 'integer' },
        sure: { type: 'boolean', description: 'Really', default: true },
        one: {
          type: 'string',
          oneOf: [
            { const: 'a', title: 'A' },
            { const: 'b', title: 'B', description: 'the other' },
          ],
          default: 'b',
        },
        plain: { type: 'string', enum: ['x', 'y'] },
        many: { type: 'array', items: { anyOf: [{ const: 'a', title: 'A' }] }, minItems: 1, default: ['a', 'gone'] },
        some: { type: 'array', items: { type: 'string', enum: ['p', 'q'] } },
        apiKey: { type: 'string' },
      },
      ['name'],
    ),
  ).toMatchObject([
    { type: 'text', name: 'name', title: 'Name', isRequired: true, minLength: 1, initial: 'x', isSecret: false },
    { type: 'text', name: 'mail', title: 'mail', isRequired: false, format: 'email' },
    { type: 'number', isInteger: true, minimum: 1, maximum: 9, initial: 3 },
    { type: 'number', isInteger: false, isSecret: false },
    { type: 'number', isInteger: true, isSecret: true },
    { type: 'yes-no', description: 'Really', initial: true },
    { type: 'choice', isMany: false, choices: [{ value: 'a' }, { value: 'b', description: 'the other' }], initial: ['b'] },
    { type: 'choice', isMany: false, choices: [{ value: 'x', title: 'x' }, { value: 'y' }] },
    { type: 'choice', isMany: true, minItems: 1, initial: ['a'] },
    { type: 'choice', isMany: true, choices: [{ value: 'p' }, { value: 'q' }] },
    { type: 'text', name: 'apiKey', isSecret: true },
  ])
})

it('leaves out a field that it does not know where it may be empty, and asks nothing where it may not', () => {
  expect(fields({ a: { type: 'string' }, b: { type: 'hologram' } })).toMatchObject([{ name: 'a' }])
  expect(ask({ b: { type: 'hologram' } }, ['b'])).toBeNull()
})

it('asks nobody outside a session, in a mode it does not know, or for another kind of address', () => {
  const url = { mode: 'url', sessionId: 's', message: 'Look', elicitationId: 'e', url: 'https://example.test/a?b' }
  expect(translateElicitation(url)?.form).toEqual({ mode: 'url', url: url.url })
  expect(translateElicitation({ ...url, url: 'javascript:alert(1)' })).toBeNull()
  expect(translateElicitation({ ...url, mode: 'hologram' })).toBeNull()
  expect(translateElicitation({ ...url, sessionId: undefined, requestId: 1 })).toBeNull()
})

it('answers in ACP’s words', () => {
  const form = { mode: 'form', fields: [] } as const
  expect(replyOf({ ...form, fields: [] }, 'accept', { a: 1 })).toEqual({ action: 'accept', content: { a: 1 } })
  expect(replyOf({ mode: 'url', url: 'https://example.test' }, 'accept', {})).toEqual({ action: 'accept' })
  expect(replyOf({ ...form, fields: [] }, 'decline', { a: 1 })).toEqual({ action: 'decline' })
})
