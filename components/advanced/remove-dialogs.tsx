'use client'

import { useMutation } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import type { ReactNode } from 'react'
import { advancedPath } from '#components/advanced/primitive-path.ts'
import { placeOf, type Attachment, type Configuration, type Credential } from '#components/advanced/primitives.model.ts'
import { useRefreshPrimitives } from '#components/advanced/use-primitives.ts'
import { stoppedNote } from '#components/connections/consequences.model.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { ConfirmDialog, Dialog } from '#components/ui/dialog.tsx'
import { toast } from '#components/ui/toast.tsx'

/** Back to all, with the lists as they are now. */
function useGone(onClose: () => void) {
  const router = useRouter()
  const refresh = useRefreshPrimitives()
  return async (said: string, description?: string) => {
    router.push(advancedPath)
    toast.success(said, description ? { description } : undefined)
    onClose()
    await refresh()
  }
}

const InUse = ({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) => (
  <Dialog isOpen onClose={onClose} title={title} footer={<Button onClick={onClose}>Close</Button>}>
    <p className="text-base text-ink-soft">{children}</p>
  </Dialog>
)

export function DeleteCredentialDialog({ credential, onClose }: { credential: Credential; onClose: () => void }) {
  const gone = useGone(onClose)
  const remove = useMutation({
    ...useTRPC().credentials.delete.mutationOptions(),
    onSuccess: () => gone(`${credential.name} is deleted`),
  })
  const count = credential.configurationIds.length
  if (count > 0 || credential.attachmentCount > 0)
    return (
      <InUse title={`${credential.name} is in use`} onClose={onClose}>
        {count > 0
          ? `${count === 1 ? 'One configuration uses' : `${count} configurations use`} it. Detach and delete ${count === 1 ? 'that' : 'those'} first; what a connection made goes by itself when you detach it.`
          : 'Another team uses it. Its maintainers can take it out of their projects.'}
      </InUse>
    )
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={`Delete ${credential.name}?`}
      confirmLabel="Delete"
      isBusy={remove.isPending}
      onConfirm={() => remove.mutate({ credentialId: credential.credentialId })}
    >
      <p>The secret is destroyed on this server and cannot be brought back. Nothing uses it now.</p>
      {remove.error ? <FailureNotice error={remove.error} /> : null}
    </ConfirmDialog>
  )
}

export function DeleteConfigurationDialog({ configuration, onClose }: { configuration: Configuration; onClose: () => void }) {
  const gone = useGone(onClose)
  const remove = useMutation({
    ...useTRPC().configurations.delete.mutationOptions(),
    onSuccess: () => gone('The configuration is deleted'),
  })
  const name = `${configuration.harnessName} on ${configuration.credentialName}`
  if (configuration.attachmentCount > 0)
    return (
      <InUse title={`${name} is attached`} onClose={onClose}>
        Detach it first. What a connection made goes by itself then.
      </InUse>
    )
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={`Delete ${name}?`}
      confirmLabel="Delete"
      isBusy={remove.isPending}
      onConfirm={() => remove.mutate({ configurationId: configuration.configurationId })}
    >
      <p>Its settings go. The credential “{configuration.credentialName}” stays.</p>
      {remove.error ? <FailureNotice error={remove.error} /> : null}
    </ConfirmDialog>
  )
}

export function DetachDialog({
  attachment,
  isKept,
  onClose,
}: {
  attachment: Attachment
  isKept: { configuration: boolean; credential: boolean }
  onClose: () => void
}) {
  const gone = useGone(onClose)
  const detach = useMutation({
    ...useTRPC().attachments.detach.mutationOptions(),
    onSuccess: (stopped) => gone('Detached', stoppedNote(stopped)),
  })
  const place = attachment.isOwn ? 'you' : placeOf(attachment)
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={`Detach ${attachment.harnessName} from ${place}?`}
      confirmLabel="Detach"
      isBusy={detach.isPending}
      onConfirm={() => detach.mutate({ attachmentId: attachment.attachmentId })}
    >
      <p>
        Chats that are working on it stop; nothing of a chat is lost. {attachment.harnessName} then uses the next attachment there is, or
        has none here.
      </p>
      <p>
        {isKept.credential
          ? `The credential “${attachment.credentialName}” stays${isKept.configuration ? ', and so does this configuration' : ''}.`
          : `The credential “${attachment.credentialName}” came with a connection: it is destroyed with its last attachment.`}
      </p>
      {detach.error ? <FailureNotice error={detach.error} /> : null}
    </ConfirmDialog>
  )
}
