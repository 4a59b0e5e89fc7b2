'use client'

import { useQuery } from '@tanstack/react-query'
import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { ChatList } from '#components/projects/chat-list.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { classNames } from '#components/ui/class-names.ts'
import { SkeletonRows } from '#components/ui/skeleton.tsx'

/** What was put away: still to be read, and to be brought back from inside. Asked for only when somebody looks. */
export function ArchivedChats({ projectId }: { projectId: string }) {
  const [isOpen, setOpen] = useState(false)
  const chats = useQuery({ ...useTRPC().chats.list.queryOptions({ projectId, isArchived: true }), enabled: isOpen })
  return (
    <section aria-label="Archived chats" className="flex flex-col gap-3">
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        className="touch-target -ml-1.5 flex h-8 w-fit items-center gap-1 rounded-md px-1.5 text-sm text-ink-quiet transition-colors hover:bg-hover hover:text-ink"
      >
        <ChevronRight aria-hidden className={classNames('size-3.5 transition-transform', isOpen && 'rotate-90')} />
        Archived chats
      </button>
      {isOpen && chats.isPending ? <SkeletonRows rows={2} label="Loading archived chats" /> : null}
      {isOpen && chats.isError ? <FailureNotice error={chats.error} onRetry={() => void chats.refetch()} /> : null}
      {isOpen && chats.data?.length === 0 ? <p className="text-sm text-ink-quiet">None. A chat is archived from its own menu.</p> : null}
      {isOpen && chats.data?.length ? <ChatList chats={chats.data} /> : null}
    </section>
  )
}
