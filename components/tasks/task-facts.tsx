'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { harnessName } from '#core/harnesses/registry.ts'
import { wordsOf } from '#components/failures/failure.ts'
import { costWords } from '#components/tasks/board.model.ts'
import { AssigneeSelect } from '#components/tasks/people-fields.tsx'
import type { Task } from '#components/tasks/task-screen.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { classNames } from '#components/ui/class-names.ts'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { toast } from '#components/ui/toast.tsx'

/** Who, until when, with what, and at what cost so far. */
export function TaskFacts({ task, className }: { task: Task; className?: string }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const { projectId, taskId } = task
  const update = useMutation({
    ...trpc.tasks.update.mutationOptions(),
    onSettled: () => queryClient.invalidateQueries(trpc.tasks.pathFilter()),
    onError: (error) => toast.error('Nothing was changed', { description: wordsOf(error).sentence }),
  })
  const pending = update.isPending ? update.variables : null
  const assigneeId = pending?.assigneeId === undefined ? (task.assignee?.userId ?? null) : pending.assigneeId
  const dueOn = pending?.dueOn === undefined ? task.dueOn : pending.dueOn
  return (
    <aside aria-label="About this task" className={classNames('flex flex-col gap-4', className)}>
      <div className="grid grid-cols-2 gap-4 lg:grid-cols-1">
        <Field label="Assigned to">
          <AssigneeSelect
            value={assigneeId}
            former={task.assignee}
            isDisabled={!task.mayChange}
            onChange={(next) => update.mutate({ projectId, taskId, assigneeId: next })}
          />
        </Field>
        <Field label="Due">
          <Input
            key={dueOn ?? 'none'}
            type="date"
            disabled={!task.mayChange}
            defaultValue={dueOn ?? ''}
            // While somebody types a date, a browser tells of each digit: only what is left stands.
            onBlur={(event) => {
              const next = event.target.value || null
              if (next !== dueOn) update.mutate({ projectId, taskId, dueOn: next })
            }}
          />
        </Field>
      </div>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2 border-t border-line pt-4 text-sm max-lg:border-b max-lg:pb-4">
        <Fact name="Agent">{task.wish.harness ? harnessName(task.wish.harness) : 'Chosen at the start'}</Fact>
        {task.wish.model ? <Fact name="Model">{task.wish.model}</Fact> : null}
        {task.wish.branch ? (
          <Fact name="Branch">
            <span className="font-mono text-xs break-all">{task.wish.branch}</span>
          </Fact>
        ) : null}
        <Fact name="Cost">{costWords(task.cost) ?? 'Nothing yet'}</Fact>
        <Fact name="Made">
          {task.createdByName}, <RelativeTime at={task.createdAt} />
        </Fact>
        {task.closedAt ? (
          <Fact name="Closed">
            {task.closedByName}, <RelativeTime at={task.closedAt} />
          </Fact>
        ) : null}
      </dl>
    </aside>
  )
}

const Fact = ({ name, children }: { name: string; children: React.ReactNode }) => (
  <>
    <dt className="text-ink-quiet">{name}</dt>
    <dd className="min-w-0 text-right break-words">{children}</dd>
  </>
)
