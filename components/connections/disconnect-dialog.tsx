'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type Attachment, type ConnectionRow, fallbackOf, lanesOf, maskOf } from '#components/connections/lanes.model.ts'
import { scopeWords } from '#components/connections/scope-words.ts'
import { useRights } from '#components/connections/use-rights.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { ConfirmDialog } from '#components/ui/dialog.tsx'
import { toast } from '#components/ui/toast.tsx'

/** Asks before a credential is destroyed, and says what is used afterwards and what stopped. */
export function DisconnectDialog({
  row,
  attachment,
  projectId,
  onClose,
}: {
  row: ConnectionRow
  attachment: Attachment
  projectId?: string
  onClose: () => void
}) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const rights = useRights(projectId)
  const fallback = fallbackOf(lanesOf(row, { isInProject: projectId !== undefined, rights }), attachment.scope)
  const disconnect = useMutation({
    ...trpc.connections.disconnect.mutationOptions(),
    onSuccess: async ({ stops }) => {
      await Promise.all([
        queryClient.invalidateQueries(trpc.connections.pathFilter()),
        queryClient.invalidateQueries(trpc.models.pathFilter()),
      ])
      toast.success(
        'Disconnected',
        stops.length > 0 ? { description: `Stopped: ${stops.map((each) => each.title || 'a new chat').join(', ')}` } : undefined,
      )
      onClose()
    },
  })
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={`Disconnect ${attachment.credential.name}?`}
      confirmLabel="Disconnect"
      isBusy={disconnect.isPending}
      onConfirm={() => disconnect.mutate({ connectionId: attachment.connectionId })}
    >
      <p>
        The credential <span className="font-mono text-sm">{maskOf(attachment.credential)}</span> is destroyed on this server, and chats
        that are working on it stop. Nothing of a chat is lost.
      </p>
      <p>
        {fallback
          ? `${row.name} then uses “${fallback.attachment!.credential.name}” (${scopeWords[fallback.scope].name.toLowerCase()}).`
          : `${row.name} then has no connection here until you connect another.`}
      </p>
      {disconnect.error ? <FailureNotice error={disconnect.error} /> : null}
    </ConfirmDialog>
  )
}
