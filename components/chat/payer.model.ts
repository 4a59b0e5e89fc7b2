/** Who pays for a chat, in few words: "Project key · Acme Anthropic". */
import type { Outputs } from '#components/trpc/trpc.ts'

export type Payer = Outputs['chats']['get']['payer']

const owners = { project: 'Project', user: 'Personal', platform: 'Shared' } as const
const kinds = { 'api-key': 'key', 'auth-file': 'login', 'oauth-token': 'subscription' } as const

export function payerWords(payer: Payer): string | null {
  if (!payer) return null
  const owner = payer.isShared ? 'Shared personal' : owners[payer.scope]
  return `${owner} ${kinds[payer.kind]} · ${payer.credentialName}`
}

/** Whether a login pays, whose provider sets no price on a request. */
export const isSubscription = (payer: Payer): boolean => payer !== null && payer.kind !== 'api-key'
