'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { CopyLine } from '#components/ui/code.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'

/** A command that lets another machine join, once, within minutes. */
export function JoinDialog({ onClose }: { onClose: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const formId = useId()
  const [name, setName] = useState('')
  const create = useMutation({
    ...trpc.nodes.createJoinToken.mutationOptions(),
    onSuccess: () => queryClient.invalidateQueries(trpc.nodes.pathFilter()),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    create.mutate({ name: name.trim() })
  }
  if (create.data) {
    return (
      <Dialog
        isOpen
        onClose={onClose}
        size="md"
        title={`Let ${name.trim()} join`}
        description="Run this in a checkout of Gatehouse on that machine. The token in it works once and is not shown again."
        footer={
          <Button variant="primary" onClick={onClose}>
            Done
          </Button>
        }
      >
        <div className="flex flex-col gap-2 pb-2">
          <CopyLine text={create.data.command} label="join command" />
          <p className="text-sm text-ink-quiet">
            Ends <RelativeTime at={create.data.expiresAt} />. The node appears here as soon as it has connected.
          </p>
        </div>
      </Dialog>
    )
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title="Add a node"
      description="A Linux machine with Node 24, which can reach this server."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={formId} variant="primary" isBusy={create.isPending} isDisabled={!name.trim()}>
            Make the command
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4 pb-2">
        <Field label="Name" hint="How people will know this machine.">
          <Input
            required
            maxLength={100}
            autoFocus
            value={name}
            onChange={(event) => setName(event.target.value)}
            placeholder="build-box"
          />
        </Field>
        {create.error ? <FailureNotice error={create.error} /> : null}
      </form>
    </Dialog>
  )
}
