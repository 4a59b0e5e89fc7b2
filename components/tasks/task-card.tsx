'use client'

import { CornerDownRight, ListChecks, Lock, MessageSquareText } from 'lucide-react'
import Link from 'next/link'
import { harnessName } from '#core/harnesses/registry.ts'
import { failureWords } from '#components/failures/sentences.ts'
import { costWords, movesOf, type Move, type TaskCard } from '#components/tasks/board.model.ts'
import { DueMark } from '#components/tasks/due-mark.tsx'
import { TaskMenu } from '#components/tasks/task-menu.tsx'
import { TaskStateMark } from '#components/tasks/task-state.tsx'
import { Avatar } from '#components/ui/avatar.tsx'
import { classNames } from '#components/ui/class-names.ts'

export const taskHref = ({ projectId, taskId }: Pick<TaskCard, 'projectId' | 'taskId'>): string =>
  `/projects/${encodeURIComponent(projectId)}/tasks/${taskId}`

/** One task on the board: what, how it stands, who, until when, at what cost. */
export function TaskCardItem({
  task,
  mayChange,
  isDragged,
  onMove,
  onDrag,
}: {
  task: TaskCard
  mayChange: boolean
  isDragged: boolean
  onMove: (move: Move) => void
  onDrag: (task: TaskCard | null) => void
}) {
  const isClosed = task.closedAs !== null
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- dragging is the mouse’s way to what the card’s menu does too
    <li
      draggable={mayChange && movesOf(task.state).length > 0}
      onDragStart={(event) => {
        event.dataTransfer.effectAllowed = 'move'
        event.dataTransfer.setData('text/plain', task.title)
        onDrag(task)
      }}
      onDragEnd={() => onDrag(null)}
      className={classNames(
        'relative flex flex-col gap-2 rounded-lg border border-line bg-raised p-3 shadow-rest transition-[border-color,opacity] hover:border-line-strong',
        'has-[a:focus-visible]:outline-2 has-[a:focus-visible]:outline-accent',
        isDragged && 'opacity-40',
      )}
    >
      {task.parent ? (
        <p className="flex min-w-0 items-center gap-1 pr-7 text-xs text-ink-quiet">
          <CornerDownRight aria-hidden className="size-3 shrink-0" />
          <span className="truncate">
            <span className="sr-only">Part of </span>
            {task.parent.title}
          </span>
        </p>
      ) : null}
      <h3 className={classNames('text-base leading-snug font-medium break-words', !task.parent && 'pr-7', isClosed && 'text-ink-soft')}>
        {/* The whole card is the link; what else can be pressed lies above it. */}
        <Link href={taskHref(task)} className="line-clamp-4 outline-none after:absolute after:inset-0 after:rounded-lg">
          {task.title}
        </Link>
      </h3>
      {/* What is in a column like all others there needs no word. */}
      {task.state === 'to-do' ? null : <TaskStateMark state={task.state} />}
      {task.failure ? (
        <p className="line-clamp-3 text-xs text-ink-soft">{failureWords(task.failure.code, task.failure.facts).sentence}</p>
      ) : null}
      <Facts task={task} />
      <div className="absolute top-1.5 right-1.5">
        <TaskMenu task={task} mayChange={mayChange} onMove={onMove} />
      </div>
    </li>
  )
}

function Facts({ task }: { task: TaskCard }) {
  const cost = costWords(task.cost)
  const hasFacts = task.isPrivate || task.harness || task.dueOn || task.parts.total > 0 || task.commentCount > 0 || cost || task.assignee
  if (!hasFacts) return null
  return (
    <div className="flex items-end gap-2">
      <p className="figures flex min-w-0 flex-1 flex-wrap items-center gap-x-2.5 gap-y-1 text-xs text-ink-quiet">
        {task.isPrivate ? (
          <span className="inline-flex items-center gap-1">
            <Lock aria-hidden className="size-3" /> Private chat
          </span>
        ) : task.harness ? (
          <span>{harnessName(task.harness)}</span>
        ) : null}
        {task.dueOn ? <DueMark dueOn={task.dueOn} isClosed={task.closedAs !== null} /> : null}
        {task.parts.total > 0 ? (
          <Count
            icon={<ListChecks aria-hidden className="size-3.5" />}
            label={`${task.parts.done} of ${task.parts.total} sub-tasks closed`}
          >
            {task.parts.done}/{task.parts.total}
          </Count>
        ) : null}
        {task.commentCount > 0 ? (
          <Count icon={<MessageSquareText aria-hidden className="size-3.5" />} label={`${task.commentCount} comments`}>
            {task.commentCount}
          </Count>
        ) : null}
        {cost ? <span>{cost}</span> : null}
      </p>
      {task.assignee ? <Avatar name={task.assignee.name} colourKey={task.assignee.userId} size="sm" /> : null}
    </div>
  )
}

const Count = ({ icon, label, children }: { icon: React.ReactNode; label: string; children: React.ReactNode }) => (
  <span className="inline-flex items-center gap-1" title={label}>
    {icon}
    <span aria-hidden>{children}</span>
    <span className="sr-only">{label}</span>
  </span>
)
