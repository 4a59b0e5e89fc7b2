'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { Labels } from '#core/nodes/labels.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { labelsIn, type Node } from '#components/nodes/node-words.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'

export function LabelsDialog({ node, onClose }: { node: Node; onClose: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const formId = useId()
  const [typed, setTyped] = useState(node.labels.join(', '))
  const save = useMutation({
    ...trpc.nodes.setLabels.mutationOptions(),
    onSuccess: async () => {
      await queryClient.invalidateQueries(trpc.nodes.pathFilter())
      onClose()
    },
  })
  const labels = Labels.safeParse(labelsIn(typed))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (labels.success) save.mutate({ nodeId: node.nodeId, labels: labels.data })
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={`Labels of ${node.name}`}
      description="What this machine is or has. A project can ask for nodes with certain labels, in its settings."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={formId} variant="primary" isBusy={save.isPending} isDisabled={!labels.success}>
            Save
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4 pb-2">
        <Field
          label="Labels"
          hint="Apart from one another by commas or spaces."
          error={labels.success ? undefined : 'Small letters, digits, dots and dashes, 40 characters at most each.'}
        >
          <Input
            autoFocus
            spellCheck={false}
            autoCapitalize="off"
            placeholder="gpu, eu"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            className="font-mono text-sm"
          />
        </Field>
        {save.error ? <FailureNotice error={save.error} /> : null}
      </form>
    </Dialog>
  )
}
