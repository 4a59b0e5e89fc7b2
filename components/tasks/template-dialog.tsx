'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { TASK_TITLE_MAX_CHARS } from '#core/tasks/task.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { AgentFields, isWish } from '#components/tasks/agent-fields.tsx'
import type { Template } from '#components/tasks/automation-dialog.tsx'
import { AssigneeSelect } from '#components/tasks/people-fields.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input, Textarea } from '#components/ui/input.tsx'
import { Notice } from '#components/ui/notice.tsx'

type Props = {
  projectId: string
  template: Template | null
  /** What a change of it does to what others have set up; null when they have not. */
  warning: string | null
  onClose: () => void
}

/** Makes a template, or changes one; tasks that were made of it stay as they are. */
export function TemplateDialog({ projectId, template, warning, onClose }: Props) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const formId = useId()
  const [name, setName] = useState(template?.name ?? '')
  const [title, setTitle] = useState(template?.title ?? '')
  const [instructions, setInstructions] = useState(template?.instructions ?? '')
  const [assigneeId, setAssigneeId] = useState(template?.assigneeId ?? null)
  const [wish, setWish] = useState({ harness: template?.harness ?? null, model: template?.model ?? null, branch: template?.branch ?? '' })
  const done = {
    onSuccess: async () => {
      await Promise.all([
        queryClient.invalidateQueries(trpc.templates.pathFilter()),
        queryClient.invalidateQueries(trpc.triggers.pathFilter()),
      ])
      onClose()
    },
  }
  const save = useMutation({ ...trpc.templates.save.mutationOptions(), ...done })
  const remove = useMutation({ ...trpc.templates.remove.mutationOptions(), ...done })
  const [isAsked, setAsked] = useState(false)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const fields = { name, title, instructions, assigneeId, harness: wish.harness, model: wish.model, branch: wish.branch.trim() || null }
    save.mutate({ projectId, ...(template && { templateId: template.templateId }), ...fields })
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={template ? 'Edit template' : 'New template'}
      size="md"
      footer={
        <>
          {template ? (
            <Button
              variant={isAsked ? 'danger' : 'danger-quiet'}
              className="mr-auto"
              isBusy={remove.isPending}
              onClick={() => (isAsked ? remove.mutate({ projectId, templateId: template.templateId }) : setAsked(true))}
            >
              {isAsked ? 'Remove, with its schedules and webhooks' : 'Remove'}
            </Button>
          ) : null}
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            form={formId}
            variant="primary"
            isBusy={save.isPending}
            isDisabled={!name.trim() || !title.trim() || !isWish(wish)}
          >
            Save
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Name of the template">
          <Input required maxLength={80} value={name} onChange={(event) => setName(event.target.value)} placeholder="Nightly upkeep" />
        </Field>
        <Field label="Title of its tasks">
          <Input required maxLength={TASK_TITLE_MAX_CHARS} value={title} onChange={(event) => setTitle(event.target.value)} />
        </Field>
        <Field label="Instructions" optional hint="What a webhook brings is put below them, quoted as data.">
          <Textarea rows={6} value={instructions} onChange={(event) => setInstructions(event.target.value)} />
        </Field>
        <Field label="Assigned to">
          <AssigneeSelect value={assigneeId} onChange={setAssigneeId} />
        </Field>
        <AgentFields projectId={projectId} wish={wish} onWish={setWish} isOpen />
        {warning ? <Notice>{warning}</Notice> : null}
        {save.error ? <FailureNotice error={save.error} /> : null}
        {remove.error ? <FailureNotice error={remove.error} /> : null}
      </form>
    </Dialog>
  )
}
