'use client'

/**
 * The chat: its log as a timeline, and everything that people do with it.
 * Comes from `app/(house)/projects/[projectId]/chats/[chatId]`; follows the log by `use-chat-feed.ts`.
 */
import { useQuery } from '@tanstack/react-query'
import type { ChatId } from '#core/ids.ts'
import { ChatRoom } from '#components/chat/chat-room.tsx'
import { TimelineSkeleton } from '#components/chat/timeline-skeleton.tsx'
import { useChatFeed } from '#components/chat/use-chat-feed.ts'
import { FailureNotice, StoredFailure } from '#components/failures/failure-notice.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Skeleton } from '#components/ui/skeleton.tsx'

export function ChatScreen({ chatId }: { chatId: string }) {
  return <OneChat key={chatId} chatId={chatId as ChatId} />
}

function OneChat({ chatId }: { chatId: ChatId }) {
  const trpc = useTRPC()
  const me = useQuery(trpc.me.get.queryOptions())
  const chat = useQuery(trpc.chats.get.queryOptions({ chatId }, { refetchOnMount: 'always' }))
  const feed = useChatFeed(chatId)

  if (feed.link.is === 'refused')
    return (
      <Centred>
        <StoredFailure code="chat.missing" />
      </Centred>
    )
  if (chat.isError && !chat.data)
    return (
      <Centred>
        <FailureNotice error={chat.error} look="block" onRetry={() => void chat.refetch()} />
      </Centred>
    )
  if (me.isError && !me.data)
    return (
      <Centred>
        <FailureNotice error={me.error} look="block" onRetry={() => void me.refetch()} />
      </Centred>
    )
  if (!chat.data || !me.data) return <Loading />
  return <ChatRoom chatId={chatId} chat={chat.data} me={me.data} feed={feed} />
}

const Centred = ({ children }: { children: React.ReactNode }) => (
  <div className="flex h-full items-center justify-center p-6">
    <div className="w-full max-w-lg">{children}</div>
  </div>
)

/** The shape of a chat, so that nothing jumps when it comes. */
const Loading = () => (
  <div className="flex h-full flex-col">
    <div className="flex h-14 shrink-0 items-center border-b border-line px-6">
      <Skeleton className="w-48" />
    </div>
    <TimelineSkeleton />
  </div>
)
