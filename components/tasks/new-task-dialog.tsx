'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { readIssue } from '#core/tasks/issue.ts'
import { TASK_TITLE_MAX_CHARS } from '#core/tasks/task.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { AgentFields, isWish } from '#components/tasks/agent-fields.tsx'
import type { Template } from '#components/tasks/automation-dialog.tsx'
import { emptyDraft, fromTemplate, partsChosen, taskOf, type Draft } from '#components/tasks/new-task.model.ts'
import { AssigneeSelect } from '#components/tasks/people-fields.tsx'
import { StartTaskDialog } from '#components/tasks/start-task-dialog.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input, Textarea } from '#components/ui/input.tsx'
import { Segmented } from '#components/ui/segmented.tsx'
import { Select } from '#components/ui/select.tsx'

/** Writes a task, or reads it out of an issue; then it waits on the board, or is started at once. */
export function NewTaskDialog({ projectId, onClose }: { projectId: string; onClose: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const formId = useId()
  const [draft, setDraft] = useState(emptyDraft)
  const [starting, setStarting] = useState<{ projectId: string; taskId: string; title: string } | null>(null)
  const create = useMutation({
    ...trpc.tasks.create.mutationOptions(),
    onSuccess: () => queryClient.invalidateQueries(trpc.tasks.pathFilter()),
  })
  const templates = useQuery(trpc.templates.list.queryOptions({ projectId }))
  const task = taskOf(draft)
  const isReady = task !== null && isWish(draft.wish)
  const make = async (startsNow: boolean) => {
    if (!isReady) return
    const { taskId } = await create.mutateAsync({ projectId, ...task })
    if (startsNow) setStarting({ projectId, taskId, title: task.title })
    else onClose()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    // What went wrong stands in the dialog.
    make(false).catch(() => {})
  }
  if (starting) return <StartTaskDialog task={starting} onClose={onClose} />
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title="New task"
      size="md"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button isDisabled={!isReady} isBusy={create.isPending} onClick={() => void make(true).catch(() => {})}>
            Create and start…
          </Button>
          <Button type="submit" form={formId} variant="primary" isDisabled={!isReady} isBusy={create.isPending}>
            Create task
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4">
        <Segmented<Draft['way']>
          label="How to make it"
          className="self-start"
          value={draft.way}
          onChange={(way) => setDraft({ ...draft, way })}
          choices={[
            { value: 'write', label: 'Write it' },
            { value: 'issue', label: 'From an issue' },
          ]}
        />
        {draft.way === 'write' ? (
          <WrittenFields draft={draft} onDraft={setDraft} templates={templates.data ?? []} />
        ) : (
          <IssueFields draft={draft} onDraft={setDraft} />
        )}
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Assigned to">
            <AssigneeSelect value={draft.assigneeId} onChange={(assigneeId) => setDraft({ ...draft, assigneeId })} />
          </Field>
          <Field label="Due" optional>
            <Input type="date" value={draft.dueOn} onChange={(event) => setDraft({ ...draft, dueOn: event.target.value })} />
          </Field>
        </div>
        <AgentFields projectId={projectId} wish={draft.wish} onWish={(wish) => setDraft({ ...draft, wish })} isOpen />
        {create.error ? <FailureNotice error={create.error} place={{ projectId }} /> : null}
      </form>
    </Dialog>
  )
}

type Fields = { draft: Draft; onDraft: (draft: Draft) => void }

const WrittenFields = ({ draft, onDraft, templates }: Fields & { templates: readonly Template[] }) => (
  <>
    {templates.length > 0 ? (
      <Field label="Template" optional>
        <Select
          choices={templates.map(({ templateId, name, title }) => ({ value: templateId as string, label: name, note: title }))}
          value={draft.templateId}
          onChange={(templateId) =>
            onDraft(
              fromTemplate(
                draft,
                templates.find((each) => each.templateId === templateId),
              ),
            )
          }
          placeholder="Begin from one"
        />
      </Field>
    ) : null}
    <Field label="Title">
      <Input
        required
        maxLength={TASK_TITLE_MAX_CHARS}
        value={draft.title}
        onChange={(event) => onDraft({ ...draft, title: event.target.value })}
        placeholder="What shall be done?"
      />
    </Field>
    <Field label="Instructions" optional hint="Markdown. The agent gets them with the title.">
      <Textarea rows={5} value={draft.instructions} onChange={(event) => onDraft({ ...draft, instructions: event.target.value })} />
    </Field>
  </>
)

function IssueFields({ draft, onDraft }: Fields) {
  const issue = readIssue(draft.issue)
  const chosen = partsChosen(draft, issue)
  const toggle = (at: number, isChosen: boolean) => {
    const next = new Set(chosen)
    if (isChosen) next.add(at)
    else next.delete(at)
    onDraft({ ...draft, chosenParts: next })
  }
  return (
    <>
      <Field label="Issue text" hint="Paste it whole. The first line becomes the title, its checklist can become sub-tasks.">
        <Textarea
          rows={7}
          value={draft.issue}
          onChange={(event) => onDraft({ ...draft, issue: event.target.value, issueTitle: null, chosenParts: null })}
          className="max-h-72 font-mono text-sm"
        />
      </Field>
      {issue.title === '' ? null : (
        <Field label="Title">
          <Input
            required
            maxLength={TASK_TITLE_MAX_CHARS}
            value={draft.issueTitle ?? issue.title}
            onChange={(event) => onDraft({ ...draft, issueTitle: event.target.value })}
          />
        </Field>
      )}
      {issue.parts.length > 0 ? (
        <fieldset className="flex flex-col gap-2 rounded-lg border border-line bg-paper p-3">
          <legend className="sr-only">Sub-tasks to make</legend>
          <p aria-hidden className="text-sm font-medium">
            Sub-tasks to make{' '}
            <span className="figures font-normal text-ink-quiet">
              {chosen.size} of {issue.parts.length}
            </span>
          </p>
          {issue.parts.map((part, at) => (
            <Checkbox
              key={at}
              isChecked={chosen.has(at)}
              onChange={(isChosen) => toggle(at, isChosen)}
              note={part.isDone ? 'Ticked in the issue' : undefined}
              className={part.isDone ? undefined : 'items-center'}
            >
              {part.title}
            </Checkbox>
          ))}
        </fieldset>
      ) : null}
    </>
  )
}
