/** What the API takes of a rule. A field that is left out stays; null puts it back to what the catalog says. */
import { z } from 'zod'
import { Scope } from '#core/connections/connection.ts'
import { CUSTOM_PROVIDER, isKnownProvider } from '#core/providers/presets.ts'

/** As in `core/connections/secret.ts`: it may end up in a configuration file. */
const ModelId = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[\w.:@/~+-]+$/)

/** Millionths of a US dollar per million tokens, up to $2,000. */
const Rate = z.int().min(0).max(2_000_000_000)

const key = {
  provider: z.string().max(100).refine(isKnownProvider, 'This provider is not known here.'),
  server: z.string().min(1).max(300).nullable().default(null),
  model: ModelId,
  /** Whose word it is: one's team, or for the instance's owner every team that says nothing itself. */
  for: z.enum(['team', 'platform']).default('team'),
}
/** Two servers of one's own are two providers, and a preset is one. */
const isNamed = ({ provider, server }: { provider: string; server: string | null }) => (provider === CUSTOM_PROVIDER) === (server !== null)
const unnamed = { message: 'A server is named for a custom provider, and for no other.', path: ['server'] }

export const RuleKeyInput = z.object(key).refine(isNamed, unnamed)

export const RuleInput = z
  .object({
    ...key,
    isAllowed: z.boolean().nullable().optional(),
    name: z.string().trim().min(1).max(200).nullable().optional(),
    price: z.strictObject({ input: Rate, output: Rate, cacheRead: Rate, cacheWrite: Rate }).nullable().optional(),
    scopes: z.array(Scope).min(1).nullable().optional(),
    retirement: z.strictObject({ successor: ModelId.nullable() }).nullable().optional(),
  })
  .refine(isNamed, unnamed)
  .refine(({ model, retirement }) => retirement?.successor !== model, {
    message: 'A model does not succeed itself.',
    path: ['retirement', 'successor'],
  })

export const PolicyInput = z.discriminatedUnion('unpriced', [
  z.strictObject({ unpriced: z.literal('refuse') }),
  z.strictObject({ unpriced: z.literal('cap'), dailyTokens: z.int().min(0).max(1_000_000_000) }),
])
