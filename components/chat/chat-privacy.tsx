'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Lock } from 'lucide-react'
import { useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useTRPC, type Outputs } from '#components/trpc/trpc.ts'
import { ConfirmDialog } from '#components/ui/dialog.tsx'
import { Tooltip } from '#components/ui/tooltip.tsx'

/** Who sees the chat, where that is its creator alone or could be, and the one step to change it. */
export function ChatPrivacy({ chat }: { chat: Outputs['chats']['get'] }) {
  const { isPrivate, mayChangePrivacy } = chat
  const [isAsking, setAsking] = useState(false)
  if (!isPrivate && !mayChangePrivacy) return null
  return (
    <span className="inline-flex shrink-0 items-center gap-1.5 before:content-['·']">
      {isPrivate ? (
        <Tooltip content={MEANING}>
          <button type="button" aria-label={`Only you. ${MEANING}`} className="touch-target inline-flex items-center gap-1 rounded-sm">
            <Lock aria-hidden className="size-3" />
            Only you
          </button>
        </Tooltip>
      ) : null}
      {mayChangePrivacy ? (
        <button type="button" onClick={() => setAsking(true)} className="touch-target rounded-sm text-accent-ink hover:underline">
          {isPrivate ? 'Share' : 'Make private'}
        </button>
      ) : null}
      {isAsking ? <PrivacyDialog chat={chat} onClose={() => setAsking(false)} /> : null}
    </span>
  )
}

const MEANING = 'It has run on your own login, so nobody else sees it, admins included, until you share it.'

function PrivacyDialog({ chat: { chatId, isPrivate }, onClose }: { chat: Outputs['chats']['get']; onClose: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const set = useMutation({
    ...trpc.chats.setShared.mutationOptions(),
    onSuccess: async () => {
      await queryClient.invalidateQueries(trpc.chats.pathFilter())
      onClose()
    },
  })
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={isPrivate ? 'Share this chat?' : 'Make this chat private?'}
      confirmLabel={isPrivate ? 'Share' : 'Make private'}
      tone="primary"
      isBusy={set.isPending}
      onConfirm={() => set.mutate({ chatId, isShared: isPrivate })}
    >
      <p>
        {isPrivate
          ? 'Everybody in the team can then read all of it, from the first prompt on; only you can prompt on your login.'
          : 'Nobody but you can then see it, whoever has read it before.'}
      </p>
      {set.error ? <FailureNotice error={set.error} /> : null}
    </ConfirmDialog>
  )
}
