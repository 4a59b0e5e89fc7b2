import type { Scope } from '#core/connections/connection.ts'

/** How people call the three scopes, nearest first. */
export const scopeWords = {
  project: { name: 'This project', whose: 'this project’s', reach: 'Used by everybody in this project, before their own.' },
  user: { name: 'You', whose: 'yours', reach: 'Yours, in every project that has none of its own.' },
  platform: { name: 'Everybody', whose: 'everybody’s', reach: 'For whoever has none of their own, on this whole Gatehouse.' },
} as const satisfies Record<Scope, { name: string; whose: string; reach: string }>

export const dialectNames: Readonly<Record<string, string>> = {
  'anthropic-messages': 'Anthropic Messages',
  'openai-chat': 'OpenAI Chat Completions',
  'openai-responses': 'OpenAI Responses',
  'gemini-generate': 'Gemini',
}

/** What a credential is, behind its name. */
export const kindNames = { 'api-key': 'API key', 'auth-file': 'Login', 'oauth-token': 'Subscription token' } as const

/** What a login that is not for oneself alone means to its chats; null where there is nothing to say. */
export const openChatsWords = (scope: Scope | null, kind: keyof typeof kindNames): string | null =>
  kind === 'api-key' || scope === null || scope === 'user'
    ? null
    : 'Your chats on this login are open to everybody who sees their project. Connect it for yourself alone, and they are private until you share them.'
