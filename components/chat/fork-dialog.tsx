'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { harnessChoices } from '#components/projects/start-chat.model.ts'
import { useTRPC, type Outputs } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { Field } from '#components/ui/field.tsx'
import { Select } from '#components/ui/select.tsx'

/** Starts a chat of one's own that goes on from this one, with the agent of one's choice. */
export function ForkDialog({ chat, onClose }: { chat: Outputs['chats']['get']; onClose: () => void }) {
  const { chatId, projectId } = chat
  const trpc = useTRPC()
  const router = useRouter()
  const queryClient = useQueryClient()
  const [wish, setWish] = useState<string | null>(null)
  const connections = useQuery(trpc.connections.list.queryOptions({ projectId }))
  const choices = harnessChoices(connections.data ?? [])
  const isReady = (harness: string) => connections.data?.some((each) => each.harness === harness && each.resolution.state === 'active')
  // The same agent, unless I have no connection for it and have one for another.
  const harness = wish ?? (isReady(chat.harness) || !choices[0] || !isReady(choices[0].value) ? chat.harness : choices[0].value)
  const fork = useMutation({
    ...trpc.chats.fork.mutationOptions(),
    onSuccess: ({ chatId: forked }) => {
      void queryClient.invalidateQueries(trpc.chats.pathFilter())
      router.push(`/projects/${encodeURIComponent(projectId)}/chats/${forked}`)
    },
  })
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title="Fork this chat"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" isBusy={fork.isPending || fork.isSuccess} onClick={() => fork.mutate({ chatId, harness })}>
            Fork
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4 text-base text-ink-soft">
        <p>
          A new chat of yours, on your connection, in a fresh copy of {chat.projectName}. With your first prompt its agent gets a summary of
          this one: what was asked, the last replies, which files were changed. The changes themselves stay here.
        </p>
        {chat.isPrivate ? <p>Only you see this chat, and only you will see its fork.</p> : null}
        <Field label="Agent">
          <Select
            choices={choices}
            value={connections.data ? harness : null}
            onChange={setWish}
            isDisabled={!connections.data}
            placeholder="Loading agents"
          />
        </Field>
        {connections.isError ? <FailureNotice error={connections.error} onRetry={() => void connections.refetch()} /> : null}
        {fork.error ? <FailureNotice error={fork.error} place={{ projectId, harness }} /> : null}
      </div>
    </Dialog>
  )
}
