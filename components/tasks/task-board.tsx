'use client'

import { useQuery } from '@tanstack/react-query'
import { CalendarSync, ListTodo, Plus } from 'lucide-react'
import { useState } from 'react'
import { columns, type Column } from '#core/tasks/state.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useMay } from '#components/session/use-me.ts'
import { byColumn, columnWords, dropMove, emptyWords, firstColumn, type Move, type TaskCard } from '#components/tasks/board.model.ts'
import { AutomationDialog } from '#components/tasks/automation-dialog.tsx'
import { NewTaskDialog } from '#components/tasks/new-task-dialog.tsx'
import { StartTaskDialog } from '#components/tasks/start-task-dialog.tsx'
import { TaskCardItem } from '#components/tasks/task-card.tsx'
import { useTaskActs } from '#components/tasks/use-task-acts.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { classNames } from '#components/ui/class-names.ts'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { Segmented } from '#components/ui/segmented.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'

/** The work of a project in five columns; on a phone one of them at a time. What runs is put by its runs, the rest by people. */
export function TaskBoard({ projectId, mayManage }: { projectId: string; mayManage: boolean }) {
  const may = useMay()
  const tasks = useQuery(useTRPC().tasks.list.queryOptions({ projectId }))
  const [isMaking, setMaking] = useState(false)
  const [isAutomating, setAutomating] = useState(false)
  const make = (
    <div className="flex flex-wrap gap-2">
      <Button icon={<CalendarSync aria-hidden />} onClick={() => setAutomating(true)}>
        Automate
      </Button>
      {may.prompt ? (
        <Button variant="primary" icon={<Plus aria-hidden />} onClick={() => setMaking(true)}>
          New task
        </Button>
      ) : null}
    </div>
  )
  return (
    <div className="flex flex-col gap-4">
      {tasks.isPending ? <SkeletonRows rows={4} label="Loading tasks" /> : null}
      {tasks.isError ? (
        <FailureNotice error={tasks.error} onRetry={() => void tasks.refetch()} look={tasks.data ? 'line' : 'block'} />
      ) : null}
      {tasks.data?.length === 0 ? (
        <EmptyState icon={<ListTodo aria-hidden />} title="No tasks yet" action={make}>
          {may.prompt
            ? 'A task is what an agent or a person has to do. Write one, or paste an issue; start it when you like.'
            : 'Members of the team can make tasks here.'}
        </EmptyState>
      ) : null}
      {tasks.data?.length ? <Columns projectId={projectId} tasks={tasks.data} mayChange={may.prompt} make={make} /> : null}
      {isMaking ? <NewTaskDialog projectId={projectId} onClose={() => setMaking(false)} /> : null}
      {isAutomating ? <AutomationDialog projectId={projectId} mayManage={mayManage} onClose={() => setAutomating(false)} /> : null}
    </div>
  )
}

type Shown = { projectId: string; tasks: readonly TaskCard[]; mayChange: boolean; make: React.ReactNode }

function Columns({ projectId, tasks, mayChange, make }: Shown) {
  const acts = useTaskActs(projectId)
  const board = byColumn(tasks)
  const [chosen, setChosen] = useState<Column | null>(null)
  const [dragged, setDragged] = useState<TaskCard | null>(null)
  const [starting, setStarting] = useState<TaskCard | null>(null)
  const shown = chosen ?? firstColumn(board)
  const move = (task: TaskCard, how: Move) => {
    if (how === 'start') setStarting(task)
    else if (how === 'reopened') acts.reopen(task)
    else acts.close(task, how)
  }
  const onDrop = (column: Column) => {
    const how = dragged && dropMove(dragged.state, column)
    if (how) move(dragged, how)
    setDragged(null)
  }
  return (
    <>
      <div className="flex flex-wrap items-center justify-end gap-3">
        <Segmented<Column>
          label="Column"
          className="order-last w-full md:hidden"
          value={shown}
          onChange={setChosen}
          choices={columns.map((column) => ({ value: column, label: <Counted column={column} count={board[column].length} /> }))}
        />
        {make}
      </div>
      {/* What is empty needs less room. */}
      <div
        className="grid gap-3 md:[grid-template-columns:var(--columns)]"
        style={
          { '--columns': columns.map((column) => `minmax(0,${board[column].length > 0 ? 1 : 0.6}fr)`).join(' ') } as React.CSSProperties
        }
      >
        {columns.map((column) => (
          <BoardColumn
            key={column}
            column={column}
            count={board[column].length}
            isShown={column === shown}
            isTarget={dragged !== null && dropMove(dragged.state, column) !== null}
            onDrop={() => onDrop(column)}
          >
            {board[column].map((task) => (
              <TaskCardItem
                key={task.taskId}
                task={task}
                mayChange={mayChange}
                isDragged={dragged?.taskId === task.taskId}
                onMove={(how) => move(task, how)}
                onDrag={setDragged}
              />
            ))}
          </BoardColumn>
        ))}
      </div>
      {starting ? <StartTaskDialog task={starting} onClose={() => setStarting(null)} /> : null}
    </>
  )
}

type ColumnProps = {
  column: Column
  count: number
  isShown: boolean
  /** Whether what is dragged can be dropped here. */
  isTarget: boolean
  onDrop: () => void
  children: React.ReactNode
}

function BoardColumn({ column, count, isShown, isTarget, onDrop, children }: ColumnProps) {
  const [isOver, setOver] = useState(false)
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- dropping is the mouse’s way to what the menus of the cards do too
    <section
      aria-label={columnWords[column]}
      onDragOver={(event) => {
        if (!isTarget) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={() => {
        setOver(false)
        onDrop()
      }}
      className={classNames(
        'flex min-w-0 flex-col gap-2 rounded-lg bg-sunken/70 p-2 md:min-h-96 outline-1 outline-transparent transition-colors outline-dashed max-md:bg-transparent max-md:p-0',
        !isShown && 'max-md:hidden',
        isTarget && 'outline-line-strong',
        isTarget && isOver && 'bg-accent-wash outline-accent',
      )}
    >
      <h2 className="flex items-center justify-between gap-2 px-1.5 pt-1 text-sm font-semibold max-md:sr-only">
        <span className="flex items-center gap-1.5">
          {column === 'needs-you' && count > 0 ? <span aria-hidden className="size-1.5 rounded-full bg-warn" /> : null}
          {columnWords[column]}
        </span>
        <span className="figures text-xs font-normal text-ink-quiet">{count}</span>
      </h2>
      {count > 0 ? (
        <ul className="flex flex-col gap-2">{children}</ul>
      ) : (
        <p className="px-1.5 py-2 text-sm text-ink-quiet">{emptyWords[column]}</p>
      )}
    </section>
  )
}

const Counted = ({ column, count }: { column: Column; count: number }) => (
  <span className="inline-flex items-center gap-1.5">
    {columnWords[column]}
    {count > 0 ? <span className="figures text-xs text-ink-quiet">{count}</span> : null}
  </span>
)
