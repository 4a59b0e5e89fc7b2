'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { ConfirmDialog } from '#components/ui/dialog.tsx'

/** Somebody does not wait for the node where the workspace lies. */
export function LeaveWorkspace({ chatId }: { chatId: string }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [isAsking, setAsking] = useState(false)
  const leave = useMutation({
    ...trpc.nodes.leaveWorkspace.mutationOptions(),
    onSuccess: async () => {
      setAsking(false)
      await queryClient.invalidateQueries(trpc.nodes.pathFilter())
      await queryClient.invalidateQueries(trpc.chats.pathFilter())
    },
  })
  return (
    <>
      <Button size="sm" variant="quiet" onClick={() => setAsking(true)}>
        Go on elsewhere
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        title="Go on without this workspace?"
        confirmLabel="Go on elsewhere"
        tone="primary"
        isBusy={leave.isPending}
        onConfirm={() => leave.mutate({ chatId })}
      >
        <p>The next free node takes the chat, with a fresh copy of the repository. The agent is told what was said here.</p>
        <p>What was not pushed stays on the machine where it is now.</p>
        {leave.error ? <FailureNotice error={leave.error} /> : null}
      </ConfirmDialog>
    </>
  )
}
