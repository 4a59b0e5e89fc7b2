'use client'

import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { emptyChat } from '#core/chat/view.ts'
import type { ChatId } from '#core/ids.ts'
import type { WindowPlace } from '#core/chat/window.ts'
import { ChatFeed, type FeedClock, type FeedOptions, type FeedPosition, type FeedSnapshot } from '#components/chat/chat-feed.ts'
import { browserSocket } from '#components/realtime/socket.ts'
import { useTRPCClient } from '#components/trpc/trpc.ts'

export type FollowedChat = FeedSnapshot & {
  retry: () => void
  /** Reads to the head of the log now, without waiting for the socket. */
  catchUp: () => Promise<void>
  /** Whether the end of the transcript is looked at. */
  setAtEnd: (isAtEnd: boolean) => void
  loadBefore: () => void
  loadAfter: () => void
  /** Reads somewhere else; true when it is there. */
  jump: (place: WindowPlace) => Promise<boolean>
  /** What of the transcript did not load. */
  retryReading: () => void
  /** Only the end again. */
  leaveReading: () => void
}

/** Follows one chat: the newest view at each frame, and how fresh it is. Mount anew (by `key`) for another chat. */
export function useChatFeed(chatId: ChatId): FollowedChat {
  const client = useTRPCClient()
  const queryClient = useQueryClient()
  const [feed] = useState(() =>
    typeof window === 'undefined'
      ? null
      : new ChatFeed({
          chatId,
          socket: browserSocket(),
          clock: browserClock,
          readLast: (atLeast) => client.chats.last.query({ chatId, atLeast }) as ReturnType<FeedOptions['readLast']>,
          readStretch: (place, atLeast) => client.chats.stretch.query({ chatId, place, atLeast }) as ReturnType<FeedOptions['readStretch']>,
          // The casts: to tRPC, an `unknown` that went through JSON may be missing.
          readAfter: (afterSeq) => client.chats.eventsAfter.query({ chatId, afterSeq, limit: 500 }) as ReturnType<FeedOptions['readAfter']>,
          from: leftAt(queryClient).get(chatId),
        }),
  )

  useEffect(() => {
    if (!feed) return
    feed.start()
    const onVisible = () => document.visibilityState === 'visible' && feed.wake()
    document.addEventListener('visibilitychange', onVisible)
    window.addEventListener('pageshow', feed.wake)
    window.addEventListener('online', feed.wake)
    return () => {
      document.removeEventListener('visibilitychange', onVisible)
      window.removeEventListener('pageshow', feed.wake)
      window.removeEventListener('online', feed.wake)
      feed.stop()
      remember(queryClient, chatId, feed.position)
    }
  }, [feed, chatId, queryClient])

  const snapshot = useSyncExternalStore(feed?.subscribe ?? never, feed?.getSnapshot ?? nothing, nothing)
  const [acts] = useState(() => ({
    retry: () => feed?.retry(),
    catchUp: async () => feed?.catchUp(),
    setAtEnd: (isAtEnd: boolean) => feed?.setAtEnd(isAtEnd),
    loadBefore: () => void feed?.transcript.loadBefore(),
    loadAfter: () => void feed?.transcript.loadAfter(),
    jump: async (place: WindowPlace) => (await feed?.transcript.jump(place)) ?? false,
    retryReading: () => void feed?.transcript.retry(),
    leaveReading: () => feed?.transcript.clear(),
  }))
  return { ...snapshot, ...acts }
}

const empty: FeedSnapshot = {
  view: emptyChat,
  before: 0,
  reading: null,
  loading: null,
  failed: null,
  link: { is: 'blinking' },
  isLoaded: false,
  openFailure: null,
}
const nothing = () => empty
const never = () => () => undefined

const KEPT_CHATS = 8
/** Where feeds stopped, so that going back to a chat shows it at once. Tied to the cache, which ends with the session. */
const positions = new WeakMap<QueryClient, Map<ChatId, FeedPosition>>()

function leftAt(queryClient: QueryClient): Map<ChatId, FeedPosition> {
  const known = positions.get(queryClient) ?? new Map<ChatId, FeedPosition>()
  positions.set(queryClient, known)
  return known
}

function remember(queryClient: QueryClient, chatId: ChatId, position: FeedPosition): void {
  const known = leftAt(queryClient)
  known.delete(chatId)
  known.set(chatId, position)
  if (known.size > KEPT_CHATS) known.delete(known.keys().next().value!)
}

const browserClock: FeedClock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  // A hidden tab paints nothing, yet its title must still change.
  nextFrame: (run) => {
    const cancel = () => {
      cancelAnimationFrame(frame)
      clearTimeout(timer)
    }
    const once = () => {
      cancel()
      run()
    }
    const frame = requestAnimationFrame(once)
    const timer = setTimeout(once, 400)
    return cancel
  },
}
