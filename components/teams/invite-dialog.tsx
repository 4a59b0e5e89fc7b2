'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { roles, type Role } from '#components/teams/roles.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { CopyLine } from '#components/ui/code.tsx'
import { CopyButton } from '#components/ui/copy-button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { RadioCards } from '#components/ui/radio-cards.tsx'

/** Makes an invitation link; it is shown once, to be sent however one likes. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const formId = useId()
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('member')
  const invite = useMutation({
    ...trpc.team.invite.mutationOptions(),
    onSuccess: () => queryClient.invalidateQueries(trpc.team.pathFilter()),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    invite.mutate({ email: email.trim(), role })
  }

  if (invite.data) {
    return (
      <Dialog
        isOpen
        onClose={onClose}
        title="The invitation is ready"
        description={`Send this link to ${email.trim()}. It works once, for 72 hours, and is not shown again.`}
        footer={
          <>
            <CopyButton text={invite.data.url} label="Copy the link" look="button" />
            <Button variant="primary" onClick={onClose}>
              Done
            </Button>
          </>
        }
      >
        <div className="pb-2">
          <CopyLine text={invite.data.url} label="invitation link" />
        </div>
      </Dialog>
    )
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title="Invite somebody"
      description="You get a link to send them. Gatehouse itself sends no mail."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={formId} variant="primary" isBusy={invite.isPending} isDisabled={!email.trim()}>
            Make the link
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-5 pb-2">
        <Field label="E-mail">
          <Input type="email" required autoFocus autoComplete="off" value={email} onChange={(event) => setEmail(event.target.value)} />
        </Field>
        <RadioCards<Role> label="Role" value={role} onChange={setRole} choices={roles} />
        {invite.error ? <FailureNotice error={invite.error} /> : null}
      </form>
    </Dialog>
  )
}
