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
import { Select } from '#components/ui/select.tsx'

const lives = [
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
] as const
type Life = (typeof lives)[number]['value']

/** Makes a token and shows it this once. */
export function TokenDialog({ onClose }: { onClose: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const formId = useId()
  const [name, setName] = useState('')
  const [days, setDays] = useState<Life>('30')
  const create = useMutation({
    ...trpc.tokens.create.mutationOptions(),
    onSuccess: () => queryClient.invalidateQueries(trpc.tokens.pathFilter()),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    create.mutate({ name: name.trim(), days: Number(days) })
  }
  if (create.data) {
    return (
      <Dialog
        isOpen
        onClose={onClose}
        title="The token is ready"
        description="Copy it now: it is stored as a hash and cannot be shown again."
        footer={
          <Button variant="primary" onClick={onClose}>
            Done
          </Button>
        }
      >
        <div className="pb-2">
          <CopyLine text={create.data.token} label="access token" />
        </div>
      </Dialog>
    )
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title="New access token"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={formId} variant="primary" isBusy={create.isPending} isDisabled={!name.trim()}>
            Create
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4 pb-2">
        <Field label="Name" hint="What uses it, so that you know it later.">
          <Input required maxLength={100} autoFocus value={name} onChange={(event) => setName(event.target.value)} />
        </Field>
        <Field label="Ends after">
          <Select<Life> choices={lives} value={days} onChange={setDays} />
        </Field>
        {create.error ? <FailureNotice error={create.error} /> : null}
      </form>
    </Dialog>
  )
}
