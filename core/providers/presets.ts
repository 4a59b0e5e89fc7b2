/**
 * The providers we know. Adding one that speaks a known dialect is one entry here
 * plus one data file in `core/models/entries`.
 */
import { usualAuthHeader, type Dialect } from '#core/providers/dialects.ts'
import type { Endpoint, Provider } from '#core/providers/provider.ts'

export const CUSTOM_PROVIDER = 'custom'

const at = (dialect: Dialect, baseUrl: string, authHeader = usualAuthHeader[dialect]): Endpoint => ({ dialect, baseUrl, authHeader })

export const providers: readonly Provider[] = [
  {
    id: 'anthropic',
    name: 'Anthropic',
    keyCheckPath: '/v1/models',
    endpoints: [at('anthropic-messages', 'https://api.anthropic.com')],
    keyHint: 'sk-ant-api03-…',
    keyPage: 'https://console.anthropic.com/settings/keys',
  },
  {
    id: 'openai',
    name: 'OpenAI',
    keyCheckPath: '/models',
    endpoints: [at('openai-responses', 'https://api.openai.com/v1'), at('openai-chat', 'https://api.openai.com/v1')],
    keyHint: 'sk-proj-…',
    keyPage: 'https://platform.openai.com/api-keys',
  },
  {
    id: 'openrouter',
    name: 'OpenRouter',
    // Its list of models is open to everybody.
    keyCheckPath: '/key',
    endpoints: [
      at('openai-chat', 'https://openrouter.ai/api/v1'),
      at('openai-responses', 'https://openrouter.ai/api/v1'),
      // OpenRouter's Anthropic dialect takes its own key as a bearer token.
      at('anthropic-messages', 'https://openrouter.ai/api', 'authorization-bearer'),
    ],
    keyHint: 'sk-or-v1-…',
    keyPage: 'https://openrouter.ai/settings/keys',
  },
  {
    id: 'groq',
    name: 'Groq',
    keyCheckPath: '/models',
    endpoints: [at('openai-chat', 'https://api.groq.com/openai/v1'), at('openai-responses', 'https://api.groq.com/openai/v1')],
    keyHint: 'gsk_…',
    keyPage: 'https://console.groq.com/keys',
  },
  {
    id: 'deepseek',
    name: 'DeepSeek',
    keyCheckPath: '/models',
    endpoints: [at('openai-chat', 'https://api.deepseek.com/v1'), at('anthropic-messages', 'https://api.deepseek.com/anthropic')],
    keyHint: 'sk-…',
    keyPage: 'https://platform.deepseek.com/api_keys',
  },
  {
    id: 'mistral',
    name: 'Mistral',
    keyCheckPath: '/models',
    // Mistral answers 422 to `stream_options`, which it does not know.
    endpoints: [{ ...at('openai-chat', 'https://api.mistral.ai/v1'), reportsUsageUnasked: true }],
    keyHint: null,
    keyPage: 'https://console.mistral.ai/api-keys',
  },
  {
    id: 'cohere',
    name: 'Cohere',
    keyCheckPath: '/models',
    endpoints: [at('openai-chat', 'https://api.cohere.ai/compatibility/v1')],
    keyHint: null,
    keyPage: 'https://dashboard.cohere.com/api-keys',
  },
  {
    id: 'google',
    name: 'Google',
    keyCheckPath: '/v1beta/models',
    endpoints: [
      at('gemini-generate', 'https://generativelanguage.googleapis.com'),
      at('openai-chat', 'https://generativelanguage.googleapis.com/v1beta/openai'),
    ],
    keyHint: 'AIza…',
    keyPage: 'https://aistudio.google.com/apikey',
  },
]

/** A preset by id; null for `custom` and for unknown ids. */
export const presetById = (id: string): Provider | null => providers.find((each) => each.id === id) ?? null

export const isKnownProvider = (id: string): boolean => id === CUSTOM_PROVIDER || presetById(id) !== null

/** Where a server of each dialect lists its models; of one's own, also what tells a good key from a bad one. */
export const modelListPath: Readonly<Record<Dialect, string>> = {
  'anthropic-messages': '/v1/models',
  'openai-chat': '/models',
  'openai-responses': '/models',
  'gemini-generate': '/v1beta/models',
}

/** Which of the servers of one's own it is: its host. Null for a preset, of which there is one. */
export const serverOf = (provider: string, baseUrl: string | null): string | null =>
  provider === CUSTOM_PROVIDER ? (baseUrl && URL.parse(baseUrl)?.host) || null : null

/** The name that people read; a custom provider is known by its host. */
export function providerName(id: string, baseUrl: string | null = null): string {
  if (id !== CUSTOM_PROVIDER) return presetById(id)?.name ?? id
  return serverOf(id, baseUrl) ?? 'Custom provider'
}
