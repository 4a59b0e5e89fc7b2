'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { BudgetNotice } from '#components/budgets/budget-notice.tsx'
import { useApplyingBudgets } from '#components/budgets/use-applying-budgets.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { failureWords } from '#components/failures/sentences.ts'
import { chosenHarness } from '#components/projects/start-chat.model.ts'
import { AgentFields, isWish, type AgentWish } from '#components/tasks/agent-fields.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { Notice } from '#components/ui/notice.tsx'
import { Skeleton } from '#components/ui/skeleton.tsx'

type Starting = { projectId: string; taskId: string; title: string }

/** With which agent a task is to be done: as it wishes, unless somebody chooses otherwise here. */
export function StartTaskDialog({ task, onClose }: { task: Starting; onClose: () => void }) {
  const { projectId, taskId } = task
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const router = useRouter()
  const asked = useQuery(trpc.tasks.get.queryOptions({ projectId, taskId }))
  const connections = useQuery(trpc.connections.list.queryOptions({ projectId }))
  const budgets = useApplyingBudgets({ projectId })
  const [chosen, setChosen] = useState<AgentWish | null>(null)
  const wished = asked.data?.wish
  const harness = chosenHarness({ wish: wished?.harness ?? null, connections: connections.data ?? [] })
  const wish = chosen ?? { harness, model: wished?.harness === harness ? (wished?.model ?? null) : null, branch: wished?.branch ?? '' }
  const connection = connections.data?.find((each) => each.harness === wish.harness)
  const isReady = connection?.resolution.state === 'active'
  const start = useMutation({
    ...trpc.tasks.start.mutationOptions(),
    onSuccess: async ({ chatId }) => {
      await queryClient.invalidateQueries(trpc.tasks.pathFilter())
      router.push(`/projects/${encodeURIComponent(projectId)}/chats/${chatId}`)
    },
  })
  const isLoading = asked.isPending || connections.isPending
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={`Start “${task.title}”`}
      description="A new chat with the task as its first prompt."
      size="md"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            isBusy={start.isPending || start.isSuccess}
            isDisabled={!isReady || !isWish(wish)}
            onClick={() =>
              start.mutate({ projectId, taskId, harness: wish.harness, model: wish.model, branch: wish.branch.trim() || null })
            }
          >
            Start
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {isLoading ? <Skeleton className="h-16" /> : <AgentFields projectId={projectId} wish={wish} onWish={setChosen} />}
        {asked.isError ? <FailureNotice error={asked.error} onRetry={() => void asked.refetch()} /> : null}
        {connections.isError ? <FailureNotice error={connections.error} onRetry={() => void connections.refetch()} /> : null}
        {connection && !isReady && connection.resolution.code ? (
          <Notice tone="warn">{failureWords(connection.resolution.code, { harness: connection.harness }).sentence}</Notice>
        ) : null}
        <BudgetNotice budgets={budgets} />
        {start.error ? <FailureNotice error={start.error} place={{ projectId, harness: wish.harness }} /> : null}
      </div>
    </Dialog>
  )
}
