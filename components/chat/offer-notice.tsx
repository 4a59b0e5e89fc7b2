'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useTRPC, type Outputs } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { Notice } from '#components/ui/notice.tsx'

/** A chat on its way from one person to another: for both of them, each with what they can do. */
export function OfferNotice({ chat, userId }: { chat: Outputs['chats']['get']; userId: string }) {
  const { chatId, offeredTo, createdBy, createdByName } = chat
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const after = { onSuccess: () => queryClient.invalidateQueries(trpc.chats.pathFilter()) }
  const take = useMutation({ ...trpc.chats.takeOver.mutationOptions(), ...after })
  const offer = useMutation({ ...trpc.chats.offer.mutationOptions(), ...after })
  if (!offeredTo || (userId !== offeredTo.userId && userId !== createdBy)) return null
  const isMine = userId === offeredTo.userId
  const error = take.error ?? offer.error
  return (
    <>
      <Notice
        tone="accent"
        className="py-2 text-sm"
        action={
          <span className="flex gap-2">
            {isMine ? (
              <Button size="sm" variant="primary" isBusy={take.isPending} onClick={() => take.mutate({ chatId })}>
                Take over
              </Button>
            ) : null}
            <Button size="sm" isBusy={offer.isPending} onClick={() => offer.mutate({ chatId, to: null })}>
              {isMine ? 'Decline' : 'Take back'}
            </Button>
          </span>
        }
      >
        {isMine
          ? `${createdByName} offers you this chat. Once you take it over it is yours, and it runs on your API key.`
          : `You offer this chat to ${offeredTo.name}. It stays yours until they take it over.`}
      </Notice>
      {error ? <FailureNotice error={error} place={chat} /> : null}
    </>
  )
}
