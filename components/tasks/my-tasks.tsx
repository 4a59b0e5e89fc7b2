import Link from 'next/link'
import { failureWords } from '#components/failures/sentences.ts'
import type { TaskCard } from '#components/tasks/board.model.ts'
import { DueMark } from '#components/tasks/due-mark.tsx'
import { taskHref } from '#components/tasks/task-card.tsx'
import { TaskStateMark } from '#components/tasks/task-state.tsx'
import { Section } from '#components/ui/section.tsx'

const LATER_SHOWN = 5

/** What is assigned to me: what waits for me or is due, and what comes. Nothing where there is nothing. */
export function MyTasks({ now, later }: { now: readonly TaskCard[]; later: readonly TaskCard[] }) {
  return (
    <>
      {now.length > 0 ? (
        <Section title="Tasks that need you">
          <TaskRows tasks={now} />
        </Section>
      ) : null}
      {later.length > 0 ? (
        <Section title={now.length > 0 ? 'Your other tasks' : 'Your tasks'}>
          <TaskRows tasks={later.slice(0, LATER_SHOWN)} />
        </Section>
      ) : null}
    </>
  )
}

const TaskRows = ({ tasks }: { tasks: readonly TaskCard[] }) => (
  <ul className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-raised">
    {tasks.map((task) => (
      <li key={task.taskId}>
        <Link
          href={taskHref(task)}
          className="flex min-h-15 flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5 transition-colors outline-offset-[-2px] hover:bg-hover"
        >
          <span className="min-w-0 flex-1 basis-56">
            <span className="block truncate font-medium">{task.title}</span>
            <span className="block truncate text-sm text-ink-quiet">
              {task.failure ? failureWords(task.failure.code, task.failure.facts).sentence : task.projectName}
            </span>
          </span>
          {task.dueOn ? <DueMark dueOn={task.dueOn} isClosed={false} className="text-xs" /> : null}
          <TaskStateMark state={task.state} className="sm:w-32" />
        </Link>
      </li>
    ))}
  </ul>
)
