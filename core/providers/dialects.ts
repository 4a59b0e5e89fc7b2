/** The wire formats in which a harness asks a provider for words. */
import { z } from 'zod'

export const dialects = ['anthropic-messages', 'openai-chat', 'openai-responses', 'gemini-generate'] as const
export const Dialect = z.enum(dialects)
export type Dialect = z.infer<typeof Dialect>

/** Where a provider of this dialect expects its key. */
export type AuthHeader = 'x-api-key' | 'authorization-bearer' | 'x-goog-api-key'

/** What a server of this dialect takes unless its provider says otherwise. */
export const usualAuthHeader: Readonly<Record<Dialect, AuthHeader>> = {
  'anthropic-messages': 'x-api-key',
  'openai-chat': 'authorization-bearer',
  'openai-responses': 'authorization-bearer',
  'gemini-generate': 'x-goog-api-key',
}

/** The provider whose models a self-hosted mirror of a dialect is taken to serve. */
export const vendorOfDialect: Readonly<Record<Dialect, 'anthropic' | 'openai' | 'google'>> = {
  'anthropic-messages': 'anthropic',
  'openai-chat': 'openai',
  'openai-responses': 'openai',
  'gemini-generate': 'google',
}
