'use client'

/**
 * The chat: its log as a timeline, and everything that people do with it.
 * Comes from `app/(house)/projects/[projectId]/chats/[chatId]`; follows the log by `use-chat-feed.ts`.
 */
import { useQuery } from '@tanstack/react-query'
import type { ChatId } from '#core/ids.ts'
import { ChatRoom } from '#components/chat/chat-room.tsx'
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

  if (feed.link.is === 'refused') return <Centred>{<StoredFailure code="chat.missing" />}</Centred>
  if (chat.isError && !chat.data)
    return <Centred>{<FailureNotice error={chat.error} look="block" onRetry={() => void chat.refetch()} />}</Centred>
  if (me.isError && !me.data) return <Centred>{<FailureNotice error={me.error} look="block" onRetry={() => void me.refetch()} />}</Centred>
  if (!chat.data || !me.data) return <Loading />
  return <ChatRoom chatId={chatId} chat={chat.data} me={me.data} feed={feed} />
}

const Centred = ({ children }: { children: React.ReactNode }) => (
  <div className="flex h-full items-center justify-center p-6">
    <div className="w-full max-w-lg">{children}</div>
  </div>
)

/** The shape of a chat, so that nothing jumps when it comes. */
function Loading() {
  return (
    <div role="status" aria-label="Loading the chat" className="flex h-full flex-col">
      <div className="flex h-14 shrink-0 items-center border-b border-line px-6">
        <Skeleton className="w-48" />
      </div>
      <div className="mx-auto flex w-full max-w-3xl flex-1 flex-col gap-4 px-4 pt-6 sm:px-6">
        <TimelineSkeleton />
      </div>
    </div>
  )
}

export function TimelineSkeleton() {
  return (
    <>
      <Skeleton className="h-20 rounded-lg" />
      <Skeleton className="w-11/12" />
      <Skeleton className="w-4/5" />
      <Skeleton className="w-2/3" />
    </>
  )
}
