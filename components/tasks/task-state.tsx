import {
  Ban,
  CircleCheck,
  CircleDashed,
  CircleHelp,
  CirclePause,
  CirclePlay,
  CircleSlash,
  CircleStop,
  Clock,
  Eye,
  type LucideIcon,
  TriangleAlert,
  Unplug,
} from 'lucide-react'
import type { TaskState } from '#core/tasks/state.ts'
import { taskLooks } from '#components/tasks/board.model.ts'
import { classNames } from '#components/ui/class-names.ts'
import { toneText } from '#components/ui/tone.ts'

const icons = {
  'to-do': CircleDashed,
  queued: Clock,
  stopped: CirclePause,
  running: CirclePlay,
  asking: CircleHelp,
  interrupted: Unplug,
  failed: TriangleAlert,
  refused: CircleSlash,
  'not-started': CircleStop,
  ended: Eye,
  done: CircleCheck,
  cancelled: Ban,
} as const satisfies Record<TaskState, LucideIcon>

/** How a task stands, as an icon and a word; what works breathes. */
export function TaskStateMark({ state, className }: { state: TaskState; className?: string }) {
  const { tone, word, isLive } = taskLooks[state]
  const Icon = icons[state]
  return (
    <span className={classNames('inline-flex items-center gap-1.5 text-xs font-medium whitespace-nowrap', toneText[tone], className)}>
      <Icon aria-hidden className={classNames('size-3.5 shrink-0', isLive && 'animate-pulse motion-reduce:animate-none')} />
      {word}
    </span>
  )
}
