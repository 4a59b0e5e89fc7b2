'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import Link from 'next/link'
import { type FormEvent, useState } from 'react'
import { TASK_TITLE_MAX_CHARS } from '#core/tasks/task.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { taskHref } from '#components/tasks/task-card.tsx'
import type { Task } from '#components/tasks/task-screen.tsx'
import { TaskStateMark } from '#components/tasks/task-state.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Avatar } from '#components/ui/avatar.tsx'
import { Button } from '#components/ui/button.tsx'
import { Input } from '#components/ui/input.tsx'
import { Progress } from '#components/ui/progress.tsx'
import { Section } from '#components/ui/section.tsx'

/** The parts of a task, each a task of its own, and a line to add one. */
export function TaskParts({ task }: { task: Task }) {
  const { total, done } = task.parts
  if (total === 0 && !task.mayChange) return null
  return (
    <Section
      title="Sub-tasks"
      actions={total > 0 ? <span className="figures text-sm text-ink-quiet">{`${done} of ${total} closed`}</span> : null}
    >
      {total > 0 ? <Progress fraction={done / total} label="Sub-tasks closed" /> : null}
      {task.subtasks.length > 0 ? (
        <ul className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-raised">
          {task.subtasks.map((part) => (
            <li key={part.taskId}>
              <Link
                href={taskHref(part)}
                className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 transition-colors outline-offset-[-2px] hover:bg-hover"
              >
                <span className="min-w-0 flex-1 basis-48 break-words">{part.title}</span>
                <TaskStateMark state={part.state} />
                {part.assignee ? <Avatar name={part.assignee.name} colourKey={part.assignee.userId} size="sm" /> : null}
              </Link>
            </li>
          ))}
        </ul>
      ) : null}
      {task.mayChange ? <AddPart task={task} /> : null}
    </Section>
  )
}

function AddPart({ task }: { task: Task }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [title, setTitle] = useState('')
  const create = useMutation({
    ...trpc.tasks.create.mutationOptions(),
    onSuccess: async () => {
      setTitle('')
      await queryClient.invalidateQueries(trpc.tasks.pathFilter())
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const { harness, model, branch } = task.wish
    if (title.trim()) create.mutate({ projectId: task.projectId, parentId: task.taskId, title, harness, model, branch })
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-2">
      <div className="flex gap-2">
        <Input
          aria-label="Title of a new sub-task"
          placeholder="Add a sub-task"
          maxLength={TASK_TITLE_MAX_CHARS}
          value={title}
          onChange={(event) => setTitle(event.target.value)}
        />
        <Button type="submit" icon={<Plus aria-hidden />} isBusy={create.isPending} isDisabled={!title.trim()}>
          Add
        </Button>
      </div>
      {create.error ? <FailureNotice error={create.error} /> : null}
    </form>
  )
}
