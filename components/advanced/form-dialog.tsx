'use client'

import { type FormEvent, type ReactNode, useId } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { Button } from '#components/ui/button.tsx'
import { Dialog, type DialogProps } from '#components/ui/dialog.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'

/** A form with one act at its end. What is typed stays until that act succeeds or the dialog is closed. */
export function FormDialog({
  submitLabel,
  isReady,
  isBusy,
  error,
  onSubmit,
  children,
  ...dialog
}: Pick<DialogProps, 'title' | 'description' | 'onClose' | 'size'> & {
  submitLabel: string
  isReady: boolean
  isBusy: boolean
  error: unknown
  onSubmit: () => void
  children: ReactNode
}) {
  const formId = useId()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isReady && !isBusy) onSubmit()
  }
  return (
    <Dialog
      isOpen
      {...dialog}
      footer={
        <>
          <Button onClick={dialog.onClose}>Cancel</Button>
          <Button type="submit" form={formId} variant="primary" isBusy={isBusy} isDisabled={!isReady}>
            {submitLabel}
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4 pb-2">
        {children}
        {error ? <FailureNotice error={error} /> : null}
      </form>
    </Dialog>
  )
}

/** Whoever scripts against it may want to name it; everybody else leaves it empty. */
export function IdField({ id, onChange }: { id: string; onChange: (id: string) => void }) {
  return (
    <Field label="Id" optional hint="For scripts. Any text of up to 200 characters, taken as it is; empty, and one is made.">
      <Input
        value={id}
        dir="auto"
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
        className="font-mono text-sm"
      />
    </Field>
  )
}
