/**
 * ACP's elicitation, in and out of our words. Pure and tolerant: what nobody could fill in gives no question, and a field
 * of a kind that we do not know is left out where it may be empty.
 */
import { z } from 'zod'
import { ElicitationForm, FormField, looksSecret, type ElicitationAction, type ElicitationAnswers } from '#core/chat/elicitation.ts'
import type { ToolCallId } from '#core/ids.ts'
import { cut } from '#agent/acp/fit.ts'
import { toolCallIdOf } from '#agent/acp/translate.ts'

const Choice = z.object({ const: z.string(), title: z.string().nullish(), description: z.string().nullish() })
const Property = z.object({
  type: z.string(),
  title: z.string().nullish(),
  description: z.string().nullish(),
  default: z.unknown().optional(),
  format: z.string().nullish(),
  minLength: z.number().nullish(),
  maxLength: z.number().nullish(),
  minimum: z.number().nullish(),
  maximum: z.number().nullish(),
  minItems: z.number().nullish(),
  maxItems: z.number().nullish(),
  enum: z.array(z.string()).nullish(),
  oneOf: z.array(Choice).nullish(),
  items: z.object({ enum: z.array(z.string()).nullish(), anyOf: z.array(Choice).nullish(), oneOf: z.array(Choice).nullish() }).nullish(),
})
type Property = z.infer<typeof Property>

/** One that belongs to no session (a sign-in, say) has no chat in which anybody could be asked. */
const Asked = z.object({ message: z.string(), sessionId: z.string(), toolCallId: z.string().nullish() })
const Params = z.discriminatedUnion('mode', [
  Asked.extend({
    mode: z.literal('form'),
    requestedSchema: z.object({ properties: z.record(z.string(), z.unknown()).default({}), required: z.array(z.string()).nullish() }),
  }),
  Asked.extend({ mode: z.literal('url'), url: z.string() }),
])

export type Elicited = { message: string; toolCallId: ToolCallId | null; form: ElicitationForm }

/** @returns null when nobody could answer it */
export function translateElicitation(params: unknown): Elicited | null {
  const parsed = Params.safeParse(params)
  if (!parsed.success) return null
  const given = parsed.data
  const form = ElicitationForm.safeParse(given.mode === 'url' ? { mode: 'url', url: given.url } : formOf(given.requestedSchema))
  if (!form.success) return null
  return {
    message: cut(given.message, 4_000).text,
    toolCallId: given.toolCallId ? toolCallIdOf(given.toolCallId) : null,
    form: form.data,
  }
}

type Schema = Extract<z.infer<typeof Params>, { mode: 'form' }>['requestedSchema']

function formOf({ properties, required }: Schema): unknown {
  const fields = Object.entries(properties).map(([name, property]) => ({
    isRequired: required?.includes(name) ?? false,
    field: fieldOf(name, Property.safeParse(property).data, required?.includes(name) ?? false),
  }))
  if (fields.some(({ isRequired, field }) => isRequired && field === null)) return null
  return { mode: 'form', fields: fields.flatMap(({ field }) => (field ? [field] : [])) }
}

function fieldOf(name: string, property: Property | undefined, isRequired: boolean): FormField | null {
  if (!property) return null
  const title = cut(property.title || name, 500).text
  const description = property.description ? cut(property.description, 2_000).text : null
  return FormField.safeParse({ name, title, description, isRequired, ...kindOf(property, `${name} ${title}`) }).data ?? null
}

function kindOf(property: Property, words: string): object | null {
  const initial = property.default
  switch (property.type) {
    case 'string': {
      const choices = choicesOf(property.oneOf, property.enum)
      if (choices) return { type: 'choice', isMany: false, choices, minItems: null, maxItems: null, initial: offered([initial], choices) }
      return {
        type: 'text',
        isSecret: looksSecret(words),
        format: z
          .enum(['email', 'uri', 'date', 'date-time'])
          .nullable()
          .catch(null)
          .parse(property.format ?? null),
        minLength: property.minLength ?? null,
        maxLength: property.maxLength ?? null,
        initial: typeof initial === 'string' ? initial : null,
      }
    }
    case 'number':
    case 'integer':
      return {
        type: 'number',
        isSecret: looksSecret(words),
        isInteger: property.type === 'integer',
        minimum: property.minimum ?? null,
        maximum: property.maximum ?? null,
        initial: typeof initial === 'number' ? initial : null,
      }
    case 'boolean':
      return { type: 'yes-no', initial: typeof initial === 'boolean' ? initial : null }
    case 'array': {
      const choices = choicesOf(property.items?.anyOf ?? property.items?.oneOf, property.items?.enum)
      if (!choices) return null
      const { minItems = null, maxItems = null } = property
      return { type: 'choice', isMany: true, choices, minItems, maxItems, initial: offered(Array.isArray(initial) ? initial : [], choices) }
    }
    default:
      return null
  }
}

type Choices = { value: string; title: string; description: string | null }[]

function choicesOf(titled: Property['oneOf'], plain: Property['enum']): Choices | null {
  if (titled?.length)
    return titled.map((each) => ({ value: each.const, title: each.title || each.const, description: each.description ?? null }))
  return plain?.length ? plain.map((value) => ({ value, title: value, description: null })) : null
}

const offered = (values: readonly unknown[], choices: Choices): string[] =>
  values.filter((each): each is string => choices.some(({ value }) => value === each))

export type ElicitationReply = { action: 'accept'; content?: ElicitationAnswers } | { action: 'decline' } | { action: 'cancel' }

/** A page that was opened carries no answers. */
export const replyOf = (form: ElicitationForm, action: ElicitationAction, answers: ElicitationAnswers): ElicitationReply =>
  action === 'accept' ? { action, ...(form.mode === 'form' && { content: answers }) } : { action }
