/** What was found, as a place to go to. */
import type { Outputs } from '#components/trpc/trpc.ts'

export type Hit = Outputs['search']['chats']['hits'][number]

export const hitKey = (hit: Hit): string => [hit.chatId, hit.kind, hit.turnId, hit.messageId].join(' ')

/** The chat, at the message that was found; `messageInAddress` reads it there. */
export function hitHref({ projectId, chatId, turnId, messageId }: Hit): string {
  const chat = `/projects/${encodeURIComponent(projectId)}/chats/${chatId}`
  if (turnId === null) return chat
  return `${chat}?${new URLSearchParams({ turn: turnId, ...(messageId === null ? {} : { message: messageId }) }).toString()}`
}

export type MessagePlace = { turnId: string; messageId: string | null }

export function messageInAddress(search: { get(name: string): string | null }): MessagePlace | null {
  const turnId = search.get('turn')
  return turnId === null ? null : { turnId, messageId: search.get('message') }
}

/** "Prompt by Mei", "Reply of Codex", "Name of the chat". */
export function hitWords({ kind, byName }: Pick<Hit, 'kind' | 'byName'>, agent: string): string {
  if (kind === 'title') return 'Name of the chat'
  return kind === 'prompt' ? `Prompt by ${byName ?? 'a former member'}` : `Reply of ${agent}`
}
