'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Trash2 } from 'lucide-react'
import { type FormEvent, type KeyboardEvent, useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import type { Task } from '#components/tasks/task-screen.tsx'
import { TaskText } from '#components/tasks/task-text.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Avatar } from '#components/ui/avatar.tsx'
import { Button } from '#components/ui/button.tsx'
import { ConfirmDialog } from '#components/ui/dialog.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Textarea } from '#components/ui/input.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { Section } from '#components/ui/section.tsx'

type Comment = Task['comments'][number]

/** What people, and agents for them, say about the task. None of it is in the prompt that its agent gets. */
export function TaskComments({ task }: { task: Task }) {
  const [removed, setRemoved] = useState<Comment | null>(null)
  return (
    <Section title="Comments">
      {task.comments.length === 0 ? <p className="text-ink-quiet">Nobody has said anything yet.</p> : null}
      {task.comments.length > 0 ? (
        <ul className="flex flex-col gap-5">
          {task.comments.map((comment) => (
            <li key={comment.commentId} className="flex gap-3">
              <Avatar name={comment.byName} colourKey={comment.by} isDecorative className="mt-0.5" />
              <div className="min-w-0 flex-1">
                <p className="flex items-baseline gap-2">
                  <span className="truncate">
                    <span className="font-medium">{comment.byName}</span>
                    {comment.agentName ? <span className="text-ink-quiet"> through {comment.agentName}</span> : null}
                  </span>
                  <RelativeTime at={comment.at} className="shrink-0 text-xs text-ink-quiet" />
                  {comment.mayRemove ? (
                    <IconButton label="Remove this comment" size="sm" className="-my-1 ml-auto" onClick={() => setRemoved(comment)}>
                      <Trash2 aria-hidden />
                    </IconButton>
                  ) : null}
                </p>
                <TaskText text={comment.text} className="text-base" />
              </div>
            </li>
          ))}
        </ul>
      ) : null}
      {task.mayChange ? <NewComment task={task} /> : null}
      {removed ? <RemoveComment task={task} comment={removed} onClose={() => setRemoved(null)} /> : null}
    </Section>
  )
}

function NewComment({ task }: { task: Task }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [text, setText] = useState('')
  const comment = useMutation({
    ...trpc.tasks.comment.mutationOptions(),
    onSuccess: async () => {
      setText('')
      await queryClient.invalidateQueries(trpc.tasks.pathFilter())
    },
  })
  const send = () => {
    if (text.trim() && !comment.isPending) comment.mutate({ projectId: task.projectId, taskId: task.taskId, text })
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    send()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey) || event.nativeEvent.isComposing) return
    event.preventDefault()
    send()
  }
  return (
    <form onSubmit={submit} className="flex flex-col items-end gap-2">
      <Textarea
        aria-label="Comment"
        placeholder="Say something to the others"
        rows={2}
        maxLength={10_000}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {comment.error ? <FailureNotice error={comment.error} className="w-full" /> : null}
      <Button type="submit" isBusy={comment.isPending} isDisabled={!text.trim()}>
        Comment
      </Button>
    </form>
  )
}

function RemoveComment({ task, comment, onClose }: { task: Task; comment: Comment; onClose: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const remove = useMutation({
    ...trpc.tasks.removeComment.mutationOptions(),
    onSuccess: async () => {
      await queryClient.invalidateQueries(trpc.tasks.pathFilter())
      onClose()
    },
  })
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title="Remove this comment?"
      confirmLabel="Remove"
      isBusy={remove.isPending}
      onConfirm={() => remove.mutate({ projectId: task.projectId, taskId: task.taskId, commentId: comment.commentId })}
    >
      <p>Nobody can read it again. That it was removed, and by whom, stays in the history of the task.</p>
      {remove.error ? <FailureNotice error={remove.error} /> : null}
    </ConfirmDialog>
  )
}
