'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ForkDialog } from '#components/chat/fork-dialog.tsx'
import type { WhyNot } from '#components/chat/why-not.model.ts'
import { wordsOf } from '#components/failures/failure.ts'
import { useTRPC, type Outputs } from '#components/trpc/trpc.ts'
import { Button, ButtonLink } from '#components/ui/button.tsx'
import { Notice } from '#components/ui/notice.tsx'
import { toast } from '#components/ui/toast.tsx'

/** Above the composer of a chat that I may not prompt: why, and the way out. */
export function WhyNotNotice({ whyNot: { sentence, action }, chat }: { whyNot: WhyNot; chat: Outputs['chats']['get'] }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const unarchive = useMutation(
    trpc.chats.unarchive.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(trpc.chats.pathFilter()),
      onError: (error) => toast.error(wordsOf(error).sentence),
    }),
  )
  const [isForking, setForking] = useState(false)
  const act = { unarchive: () => unarchive.mutate({ chatId: chat.chatId }), fork: () => setForking(true) }
  return (
    <Notice
      className="py-2 text-sm"
      action={
        action === null ? null : 'href' in action ? (
          <ButtonLink href={action.href} size="sm">
            {action.label}
          </ButtonLink>
        ) : (
          <Button size="sm" isBusy={unarchive.isPending} onClick={act[action.act]}>
            {action.label}
          </Button>
        )
      }
    >
      {sentence}
      {isForking ? <ForkDialog chat={chat} onClose={() => setForking(false)} /> : null}
    </Notice>
  )
}
