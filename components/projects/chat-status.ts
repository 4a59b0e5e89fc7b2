import type { Tone } from '#components/ui/tone.ts'
import type { Outputs } from '#components/trpc/trpc.ts'

export type ChatRow = Outputs['chats']['list'][number]
export type ChatStatus = ChatRow['status']

type Look = { tone: Tone; word: string; isLive: boolean }

/** The same word and colour wherever a chat's state is told. */
export const chatStatusLook = {
  waiting: { tone: 'warn', word: 'Needs you', isLive: false },
  failed: { tone: 'bad', word: 'Failed', isLive: false },
  running: { tone: 'busy', word: 'Working', isLive: true },
  queued: { tone: 'quiet', word: 'Queued', isLive: false },
  idle: { tone: 'quiet', word: 'Idle', isLive: false },
} as const satisfies Record<ChatStatus, Look>

const order: readonly ChatStatus[] = ['waiting', 'failed', 'running', 'queued', 'idle']

/** What needs somebody first; within that, the newest first. */
export function byUrgency(a: Pick<ChatRow, 'status' | 'lastActivityAt'>, b: Pick<ChatRow, 'status' | 'lastActivityAt'>): number {
  return order.indexOf(a.status) - order.indexOf(b.status) || b.lastActivityAt.localeCompare(a.lastActivityAt)
}
