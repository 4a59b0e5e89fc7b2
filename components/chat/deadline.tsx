'use client'

import { useQuery } from '@tanstack/react-query'
import { Hourglass } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useChatActs } from '#components/chat/chat-context.tsx'
import { timeLeft } from '#components/chat/deadline.model.ts'
import { useTRPC } from '#components/trpc/trpc.ts'

/** How long an open question can still be answered. The server alone ends its time; this only counts along. */
export function Deadline({ requestId }: { requestId: string }) {
  const { chatId } = useChatActs()
  const { data } = useQuery({ ...useTRPC().chats.deadlines.queryOptions({ chatId }), refetchOnMount: 'always' })
  const deadlineAt = data?.find((each) => each.requestId === requestId)?.deadlineAt
  const [nowMs, setNowMs] = useState(() => Date.now())
  useEffect(() => {
    const ticking = setInterval(() => setNowMs(Date.now()), 1_000)
    return () => clearInterval(ticking)
  }, [])
  if (!deadlineAt) return null
  return (
    <span
      role="timer"
      title="Nobody can answer it after that, and the agent is told no."
      className="figures ml-auto inline-flex shrink-0 items-center gap-1 text-xs whitespace-nowrap"
    >
      <Hourglass aria-hidden className="size-3" />
      {timeLeft(Date.parse(deadlineAt) - nowMs)}
    </span>
  )
}
