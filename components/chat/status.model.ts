/** Where a chat stands, in one word: the same in its header and in the title of its tab. */
import type { ChatView } from '#core/chat/view.ts'
import { isActive } from '#components/chat/timeline.model.ts'
import type { Tone } from '#components/ui/tone.ts'

export type ChatStatus = 'needs-you' | 'disconnected' | 'failed' | 'running' | 'queued' | 'unread' | 'idle'

export const statusLooks = {
  'needs-you': { word: 'Needs you', tone: 'warn', isLive: true },
  /** Not a failure: the node takes the chat up again by itself. */
  disconnected: { word: 'Disconnected, will resume', tone: 'quiet', isLive: false },
  failed: { word: 'Error', tone: 'bad', isLive: false },
  running: { word: 'Running', tone: 'busy', isLive: true },
  queued: { word: 'Queued', tone: 'busy', isLive: false },
  unread: { word: 'Unread', tone: 'accent', isLive: false },
  idle: { word: 'Idle', tone: 'quiet', isLive: false },
} as const satisfies Record<ChatStatus, { word: string; tone: Tone; isLive: boolean }>

/** In the order of urgency; `isNodeOnline` is null while the chat has no node. */
export function statusOf({ view, isNodeOnline, isUnread }: { view: ChatView; isNodeOnline: boolean | null; isUnread: boolean }): ChatStatus {
  const statuses = new Set(view.turns.map((turn) => turn.status))
  const isUnderWay = view.turns.some((turn) => isActive(turn) || turn.status === 'queued')
  if (isUnderWay && isNodeOnline === false) return 'disconnected'
  if (statuses.has('waiting')) return 'needs-you'
  const isRunning = view.turns.some(isActive)
  if (!isUnderWay && view.turns.at(-1)?.status === 'failed') return 'failed'
  if (isRunning) return 'running'
  if (isUnderWay) return 'queued'
  return isUnread ? 'unread' : 'idle'
}

/** "Running · Fix the parser"; an idle chat shows its name alone. */
export function tabTitle(status: ChatStatus, title: string): string {
  const name = title || 'New chat'
  return status === 'idle' ? `${name} · Gatehouse` : `${statusLooks[status].word} · ${name}`
}
