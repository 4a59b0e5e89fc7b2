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

type Placed = Pick<ChatRow, 'isPinned' | 'status' | 'lastActivityAt'>

/** What I pinned first, then what needs somebody; within that, the newest first. */
export function byPlace(a: Placed, b: Placed): number {
  return (
    Number(b.isPinned) - Number(a.isPinned) ||
    order.indexOf(a.status) - order.indexOf(b.status) ||
    b.lastActivityAt.localeCompare(a.lastActivityAt)
  )
}
