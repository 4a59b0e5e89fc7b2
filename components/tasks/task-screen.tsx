'use client'

/** The page of a task. Comes from `app/(house)/projects/[projectId]/tasks/[taskId]`; kept fresh by the hints of lists. */
import { useQuery } from '@tanstack/react-query'
import { Ban, CircleCheck, MessageSquare, Pencil, Play, RotateCcw } from 'lucide-react'
import Link from 'next/link'
import { useState } from 'react'
import { FailureNotice, StoredFailure } from '#components/failures/failure-notice.tsx'
import { movesOf, type Move } from '#components/tasks/board.model.ts'
import { EditTaskDialog } from '#components/tasks/edit-task-dialog.tsx'
import { StartTaskDialog } from '#components/tasks/start-task-dialog.tsx'
import { TaskChats } from '#components/tasks/task-chats.tsx'
import { TaskComments } from '#components/tasks/task-comments.tsx'
import { TaskFacts } from '#components/tasks/task-facts.tsx'
import { TaskHistory } from '#components/tasks/task-history.tsx'
import { TaskParts } from '#components/tasks/task-parts.tsx'
import { TaskText } from '#components/tasks/task-text.tsx'
import { TaskStateMark } from '#components/tasks/task-state.tsx'
import { useTaskActs } from '#components/tasks/use-task-acts.ts'
import { type Outputs, useTRPC } from '#components/trpc/trpc.ts'
import { Button, ButtonLink } from '#components/ui/button.tsx'
import { PageBody, PageHeader } from '#components/ui/page-header.tsx'
import { Section } from '#components/ui/section.tsx'
import { Skeleton, SkeletonRows } from '#components/ui/skeleton.tsx'

export type Task = Outputs['tasks']['get']

export function TaskScreen({ projectId, taskId }: { projectId: string; taskId: string }) {
  const task = useQuery(useTRPC().tasks.get.queryOptions({ projectId, taskId }))
  if (task.isError && !task.data) {
    return (
      <PageBody>
        <FailureNotice error={task.error} look="block" onRetry={() => void task.refetch()} />
      </PageBody>
    )
  }
  if (!task.data) {
    return (
      <PageBody>
        <Skeleton className="h-9 w-80 max-w-full" />
        <SkeletonRows rows={3} label="Loading the task" />
      </PageBody>
    )
  }
  return <OneTask key={taskId} task={task.data} />
}

function OneTask({ task }: { task: Task }) {
  const [isEditing, setEditing] = useState(false)
  const [isStarting, setStarting] = useState(false)
  const acts = useTaskActs(task.projectId)
  const move = (how: Move) => {
    if (how === 'start') setStarting(true)
    else if (how === 'reopened') acts.reopen(task)
    else acts.close(task, how)
  }
  const board = `/projects/${encodeURIComponent(task.projectId)}`
  return (
    <PageBody>
      <PageHeader
        above={
          <nav aria-label="Where this task is" className="flex min-w-0 flex-wrap items-center gap-x-1.5">
            <Crumb href={`${board}?tab=tasks`}>{task.projectName}</Crumb>
            {task.parent ? (
              <>
                <span aria-hidden>/</span>
                <Crumb href={`${board}/tasks/${task.parent.taskId}`}>{task.parent.title}</Crumb>
              </>
            ) : null}
          </nav>
        }
        title={task.title}
        actions={<Acts task={task} isBusy={acts.isPending} onMove={move} />}
      />
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <TaskStateMark state={task.state} className="text-sm" />
        <Origin task={task} />
      </div>
      {task.failure ? (
        <StoredFailure code={task.failure.code} facts={task.failure.facts} place={{ projectId: task.projectId, harness: task.harness }} />
      ) : null}
      <div className="grid gap-x-10 gap-y-8 lg:grid-cols-[minmax(0,1fr)_16rem]">
        <div className="flex min-w-0 flex-col gap-8">
          <Section
            title="Instructions"
            actions={
              task.mayChange ? (
                <Button size="sm" variant="quiet" icon={<Pencil aria-hidden />} onClick={() => setEditing(true)}>
                  Edit
                </Button>
              ) : null
            }
          >
            {task.instructions.trim() ? <TaskText text={task.instructions} /> : <p className="text-ink-quiet">The title says it all.</p>}
          </Section>
          {task.parent ? null : <TaskParts task={task} />}
          <TaskChats task={task} />
          <TaskComments task={task} />
          <TaskHistory history={task.history} />
        </div>
        <TaskFacts task={task} className="max-lg:order-first" />
      </div>
      {isEditing ? <EditTaskDialog task={task} onClose={() => setEditing(false)} /> : null}
      {isStarting ? <StartTaskDialog task={task} onClose={() => setStarting(false)} /> : null}
    </PageBody>
  )
}

const Crumb = ({ href, children }: { href: string; children: React.ReactNode }) => (
  <Link href={href} className="touch-target max-w-full truncate rounded-xs hover:text-ink hover:underline hover:underline-offset-4">
    {children}
  </Link>
)

const looks = {
  start: { icon: <Play aria-hidden />, words: 'Start…', again: 'Start again…', variant: 'primary' },
  done: { icon: <CircleCheck aria-hidden />, words: 'Mark as done', again: 'Accept as done', variant: 'secondary' },
  cancelled: { icon: <Ban aria-hidden />, words: 'Cancel task', again: 'Cancel task', variant: 'quiet' },
  reopened: { icon: <RotateCcw aria-hidden />, words: 'Reopen', again: 'Reopen', variant: 'secondary' },
} as const satisfies Record<Move, unknown>

/** What can be done now; the next step of whoever looks stands out. */
function Acts({ task, isBusy, onMove }: { task: Task; isBusy: boolean; onMove: (move: Move) => void }) {
  const isAgain = task.chats.some((each) => !each.isArchived)
  const main: Move = task.state === 'ended' ? 'done' : 'start'
  const waits = task.state === 'asking' || task.state === 'interrupted' || task.state === 'failed'
  return (
    <>
      {task.chatId ? (
        <ButtonLink
          href={`/projects/${encodeURIComponent(task.projectId)}/chats/${task.chatId}`}
          variant={waits ? 'primary' : 'secondary'}
          icon={<MessageSquare aria-hidden />}
        >
          {task.state === 'asking' ? 'Answer in its chat' : 'Open its chat'}
        </ButtonLink>
      ) : null}
      {(task.mayChange ? movesOf(task.state) : [])
        .toReversed()
        .toSorted((a, b) => Number(a === main) - Number(b === main))
        .map((move) => (
          <Button
            key={move}
            icon={looks[move].icon}
            variant={move === main && !waits ? 'primary' : looks[move].variant === 'primary' ? 'secondary' : looks[move].variant}
            isDisabled={isBusy}
            onClick={() => onMove(move)}
          >
            {isAgain ? looks[move].again : looks[move].words}
          </Button>
        ))}
    </>
  )
}

/** What made it, when no person did; a schedule that came late says so. */
function Origin({ task }: { task: Task }) {
  const { origin } = task
  if (!origin) return null
  if (origin.is !== 'schedule')
    return (
      <p className="text-sm text-ink-quiet">
        Made by the {origin.is} “{origin.name}”
      </p>
    )
  const due = new Date(origin.dueAt)
  const isLate = Date.parse(task.createdAt) - due.getTime() > LATE_MS
  return (
    <p className="text-sm text-ink-quiet">
      Made by the schedule “{origin.name}”
      {isLate ? (
        <span suppressHydrationWarning>
          , which was due {due.toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })} while
          Gatehouse was down
        </span>
      ) : null}
      {origin.missed > 0 ? `; ${origin.missed === 1 ? 'one time' : `${origin.missed} times`} before it passed unseen` : ''}
    </p>
  )
}

const LATE_MS = 300_000
