import type { Task } from '#components/tasks/task-screen.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { Section } from '#components/ui/section.tsx'

/** Who did what with the task, as the audit log has it; the newest first. */
export function TaskHistory({ history }: { history: Task['history'] }) {
  return (
    <Section title="History">
      <ol className="flex flex-col gap-1.5 border-l border-line pl-4 text-sm text-ink-soft">
        {history.map((entry, at) => (
          <li key={history.length - at} className="flex flex-wrap items-baseline gap-x-2">
            <span className="min-w-0 break-words">
              <span className="font-medium text-ink">{entry.actorName}</span> {entry.sentence}
            </span>
            <RelativeTime at={entry.at} className="text-xs text-ink-quiet" />
          </li>
        ))}
      </ol>
    </Section>
  )
}
