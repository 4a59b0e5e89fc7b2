/** Where a chat stands, in one word: the same in its header and in the title of its tab. */
import type { ChatView } from '#core/chat/view.ts'
import { isActive } from '#components/chat/timeline.model.ts'
import { chatStatusLook, type ChatStatus } from '#components/projects/chat-status.ts'
import type { Tone } from '#components/ui/tone.ts'

/** The words of the lists, and two that only an open chat can know. */
export type OpenChatStatus = ChatStatus | 'disconnected' | 'unread'

export const statusLooks = {
  ...chatStatusLook,
  /** Not a failure: the node takes the chat up again by itself. */
  disconnected: { word: 'Disconnected, will resume', tone: 'quiet', isLive: false },
  unread: { word: 'Unread', tone: 'accent', isLive: false },
} as const satisfies Record<OpenChatStatus, { word: string; tone: Tone; isLive: boolean }>

/** In the order of urgency; `isNodeOnline` is null while the chat has no node. */
export function statusOf({
  view,
  isNodeOnline,
  isUnread,
}: {
  view: ChatView
  isNodeOnline: boolean | null
  isUnread: boolean
}): OpenChatStatus {
  const statuses = new Set(view.turns.map((turn) => turn.status))
  const isUnderWay = view.turns.some((turn) => isActive(turn) || turn.status === 'queued')
  if (isUnderWay && isNodeOnline === false) return 'disconnected'
  if (statuses.has('waiting')) return 'waiting'
  const isRunning = view.turns.some(isActive)
  if (!isUnderWay && view.turns.at(-1)?.status === 'failed') return 'failed'
  if (isRunning) return 'running'
  if (isUnderWay) return 'queued'
  return isUnread ? 'unread' : 'idle'
}

/** "Working · Fix the parser"; an idle chat shows its name alone. */
export function tabTitle(status: OpenChatStatus, title: string): string {
  const name = title || 'New chat'
  return status === 'idle' ? `${name} · Gatehouse` : `${statusLooks[status].word} · ${name}`
}
