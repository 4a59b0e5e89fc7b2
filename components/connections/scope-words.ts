import type { Scope } from '#core/connections/connection.ts'

/** How people call the three scopes, nearest first. */
export const scopeWords = {
  project: { name: 'This project', reach: 'Used by everybody in this project, before their own.' },
  user: { name: 'You', reach: 'Yours, in every project that has none of its own.' },
  platform: { name: 'Everybody', reach: 'For whoever has none of their own, on this whole Gatehouse.' },
} as const satisfies Record<Scope, { name: string; reach: string }>

export const dialectNames: Readonly<Record<string, string>> = {
  'anthropic-messages': 'Anthropic Messages',
  'openai-chat': 'OpenAI Chat Completions',
  'openai-responses': 'OpenAI Responses',
  'gemini-generate': 'Gemini',
}

/** None repeats the label of a field below it: a name that two controls share tells nobody which is which. */
export const kindNames = { 'api-key': 'Key', 'auth-file': 'Login file', 'oauth-token': 'Subscription' } as const
