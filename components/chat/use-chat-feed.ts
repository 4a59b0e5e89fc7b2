'use client'

import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { emptyChat, type ChatView } from '#core/chat/view.ts'
import type { ChatId } from '#core/ids.ts'
import { ChatFeed, type FeedClock, type FeedOptions, type FeedSnapshot } from '#components/chat/chat-feed.ts'
import { browserSocket } from '#components/realtime/socket.ts'
import { useTRPCClient } from '#components/trpc/trpc.ts'

export type FollowedChat = FeedSnapshot & {
  retry: () => void
  /** Reads to the head of the log now, without waiting for the socket. */
  catchUp: () => Promise<void>
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
          // The cast: to tRPC, an `unknown` that went through JSON may be missing.
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
  const [acts] = useState(() => ({ retry: () => feed?.retry(), catchUp: async () => feed?.catchUp() }))
  return { ...snapshot, ...acts }
}

const empty: FeedSnapshot = { view: emptyChat, link: { is: 'blinking' }, isLoaded: false }
const nothing = () => empty
const never = () => () => undefined

type Position = { view: ChatView; logId: number | null }
const KEPT_CHATS = 8
/** Where feeds stopped, so that going back to a chat shows it at once. Tied to the cache, which ends with the session. */
const positions = new WeakMap<QueryClient, Map<ChatId, Position>>()

function leftAt(queryClient: QueryClient): Map<ChatId, Position> {
  const known = positions.get(queryClient) ?? new Map<ChatId, Position>()
  positions.set(queryClient, known)
  return known
}

function remember(queryClient: QueryClient, chatId: ChatId, position: Position): void {
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
