'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { UserId } from '#core/ids.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useTRPC, type Outputs } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { Field } from '#components/ui/field.tsx'
import { Select } from '#components/ui/select.tsx'

/** Offers the chat to another member; nothing changes until they take it. */
export function HandOverDialog({ chat, onClose }: { chat: Outputs['chats']['get']; onClose: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const team = useQuery(trpc.team.get.queryOptions())
  const [to, setTo] = useState<string | null>(chat.offeredTo?.userId ?? null)
  const offer = useMutation({
    ...trpc.chats.offer.mutationOptions(),
    onSuccess: async () => {
      await queryClient.invalidateQueries(trpc.chats.pathFilter())
      onClose()
    },
  })
  const choices = (team.data?.members ?? [])
    .filter((each) => each.userId !== chat.createdBy && each.role !== 'viewer')
    .map((each) => ({ value: each.userId, label: each.name, note: each.email }))
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title="Hand over this chat"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            isBusy={offer.isPending}
            isDisabled={to === null}
            onClick={() => to !== null && offer.mutate({ chatId: chat.chatId, to: to as UserId })}
          >
            Offer
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4 text-base text-ink-soft">
        <p>
          Whoever takes it over becomes its owner, and it runs on their connection: they pay from then on. Until they take it, nothing
          changes. Afterwards it runs on API keys only, since a login would meet a workspace that others have prepared.
        </p>
        {chat.isPrivate ? <p>Only you see this chat now: share it first.</p> : null}
        <Field label="To">
          <Select
            choices={choices}
            value={to}
            onChange={setTo}
            isDisabled={choices.length === 0}
            placeholder={team.data && choices.length === 0 ? 'There is nobody else who may prompt' : 'Choose a member'}
          />
        </Field>
        {team.isError ? <FailureNotice error={team.error} onRetry={() => void team.refetch()} /> : null}
        {offer.error ? <FailureNotice error={offer.error} /> : null}
      </div>
    </Dialog>
  )
}
