'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { TASK_TITLE_MAX_CHARS } from '#core/tasks/task.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { AgentFields, isWish } from '#components/tasks/agent-fields.tsx'
import type { Task } from '#components/tasks/task-screen.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input, Textarea } from '#components/ui/input.tsx'

/** What was typed here stays, whatever is loaded again meanwhile. */
export function EditTaskDialog({ task, onClose }: { task: Task; onClose: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const formId = useId()
  const { projectId, taskId } = task
  const [title, setTitle] = useState(task.title)
  const [instructions, setInstructions] = useState(task.instructions)
  const [wish, setWish] = useState({ ...task.wish, branch: task.wish.branch ?? '' })
  const update = useMutation({
    ...trpc.tasks.update.mutationOptions(),
    onSuccess: async () => {
      await queryClient.invalidateQueries(trpc.tasks.pathFilter())
      onClose()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    update.mutate({ projectId, taskId, title, instructions, harness: wish.harness, model: wish.model, branch: wish.branch.trim() || null })
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title="Edit task"
      size="md"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={formId} variant="primary" isBusy={update.isPending} isDisabled={!title.trim() || !isWish(wish)}>
            Save
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Title">
          <Input required maxLength={TASK_TITLE_MAX_CHARS} value={title} onChange={(event) => setTitle(event.target.value)} />
        </Field>
        <Field label="Instructions" optional hint="Markdown. A chat that was started already keeps what it was given.">
          <Textarea rows={10} value={instructions} onChange={(event) => setInstructions(event.target.value)} />
        </Field>
        <AgentFields projectId={projectId} wish={wish} onWish={setWish} isOpen />
        {update.error ? <FailureNotice error={update.error} /> : null}
      </form>
    </Dialog>
  )
}
