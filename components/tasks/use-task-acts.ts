'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { wordsOf } from '#components/failures/failure.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { toast } from '#components/ui/toast.tsx'

type Named = { taskId: string; title: string }

/** A person's word on a task: accepted, given up, taken up again. What was said is said with a way back. */
export function useTaskActs(projectId: string) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const settled = {
    onSettled: () => queryClient.invalidateQueries(trpc.tasks.pathFilter()),
    onError: (error: unknown) => toast.error('Nothing was changed', { description: wordsOf(error).sentence }),
  }
  const close = useMutation({ ...trpc.tasks.close.mutationOptions(), ...settled })
  const reopen = useMutation({ ...trpc.tasks.reopen.mutationOptions(), ...settled })
  const reopenNow = ({ taskId }: Named) => reopen.mutate({ projectId, taskId })
  return {
    isPending: close.isPending || reopen.isPending,
    reopen: reopenNow,
    close: (task: Named, as: 'done' | 'cancelled') =>
      close.mutate(
        { projectId, taskId: task.taskId, as },
        {
          onSuccess: () =>
            toast.success(as === 'done' ? `“${task.title}” is done` : `“${task.title}” is cancelled`, {
              action: { label: 'Undo', onClick: () => reopenNow(task) },
            }),
        },
      ),
  }
}
