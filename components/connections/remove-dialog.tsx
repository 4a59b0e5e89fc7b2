'use client'

import { useMutation } from '@tanstack/react-query'
import { stoppedNote } from '#components/connections/consequences.model.ts'
import { Consequences } from '#components/connections/consequences.tsx'
import type { Attachment, ConnectionRow, Lane } from '#components/connections/lanes.model.ts'
import { type Removal, removalWords } from '#components/connections/mending.model.ts'
import { useRefresh } from '#components/connections/use-refresh.ts'
import { useUndo } from '#components/connections/use-undo.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { ConfirmDialog } from '#components/ui/dialog.tsx'
import { toast } from '#components/ui/toast.tsx'

type Given = { row: ConnectionRow; lane: Lane & { attachment: Attachment }; onClose: () => void }

/** Says what stops and what holds afterwards, before an attachment is taken away; for a minute it can be undone. */
export function RemoveDialog({ row, lane, removal, onClose }: Given & { removal: Removal }) {
  const { attachment } = lane
  const { connectionId, credential } = attachment
  const trpc = useTRPC()
  const refresh = useRefresh()
  const offerUndo = useUndo()
  const words = removalWords[removal]
  const disconnect = useMutation({
    ...trpc.connections.disconnect.mutationOptions(),
    onSuccess: async ({ stops, privateStops, ...undoable }) => {
      onClose()
      offerUndo({ done: words.done, note: stoppedNote({ stops, privateStops }) }, undoable)
      await refresh()
    },
  })
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={words.title(credential.name)}
      confirmLabel={words.act}
      tone={removal === 'resume-inheritance' ? 'primary' : 'danger'}
      isBusy={disconnect.isPending}
      onConfirm={() => disconnect.mutate({ connectionId })}
    >
      <Consequences row={row} attachment={attachment} act="disconnect" />
      {disconnect.error ? <FailureNotice error={disconnect.error} /> : null}
    </ConfirmDialog>
  )
}

/** Switches off without forgetting: nothing takes its place until it is enabled, or taken away. */
export function DisableDialog({ row, lane, onClose }: Given) {
  const { attachment } = lane
  const { connectionId, credential } = attachment
  const trpc = useTRPC()
  const refresh = useRefresh()
  const disable = useMutation({
    ...trpc.connections.setEnabled.mutationOptions(),
    onSuccess: async () => {
      onClose()
      toast.success(`${credential.name} is disabled`)
      await refresh()
    },
  })
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={`Disable ${credential.name}?`}
      confirmLabel="Disable"
      tone="primary"
      isBusy={disable.isPending}
      onConfirm={() => disable.mutate({ connectionId, isEnabled: false })}
    >
      <Consequences row={row} attachment={attachment} act="disable" />
      {disable.error ? <FailureNotice error={disable.error} /> : null}
    </ConfirmDialog>
  )
}
