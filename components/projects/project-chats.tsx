'use client'

import { useQuery } from '@tanstack/react-query'
import { MessageSquare } from 'lucide-react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { ArchivedChats } from '#components/projects/archived-chats.tsx'
import { ChatList } from '#components/projects/chat-list.tsx'
import { byPlace } from '#components/projects/chat-status.ts'
import { StartChat } from '#components/projects/start-chat.tsx'
import { useMay } from '#components/session/use-me.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'

/** Where a chat of the project is started, and those that were. */
export function ProjectChats({ projectId }: { projectId: string }) {
  const may = useMay()
  const chats = useQuery(useTRPC().chats.list.queryOptions({ projectId }))
  return (
    <div className="flex flex-col gap-6">
      {may.prompt ? <StartChat projectId={projectId} hasChats={Boolean(chats.data?.length)} /> : null}
      {chats.isPending ? <SkeletonRows rows={4} label="Loading chats" /> : null}
      {chats.isError ? <FailureNotice error={chats.error} onRetry={() => void chats.refetch()} look="block" /> : null}
      {chats.data?.length ? <ChatList chats={[...chats.data].sort(byPlace)} /> : null}
      {chats.data?.length === 0 && !may.prompt ? (
        <EmptyState icon={<MessageSquare aria-hidden />} title="No chats yet">
          You may read here. Members of the team can start chats.
        </EmptyState>
      ) : null}
      {chats.data ? <ArchivedChats projectId={projectId} /> : null}
    </div>
  )
}
