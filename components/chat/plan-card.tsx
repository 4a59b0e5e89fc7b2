'use client'

import { ChevronDown, Circle, CircleCheck, CircleDot } from 'lucide-react'
import type { ChatView } from '#core/chat/view.ts'
import { useStoredFlag } from '#components/shell/stored-flag.ts'
import { classNames } from '#components/ui/class-names.ts'

const icons = { pending: Circle, in_progress: CircleDot, completed: CircleCheck } as const
const words = { pending: 'To do', in_progress: 'Under way', completed: 'Done' } as const

/** The agent's plan while it works: what it is at, and how far it is. */
export function PlanCard({ plan }: { plan: ChatView['plan'] }) {
  const [isOpen, setOpen] = useStoredFlag('chat-plan-open', false)
  const done = plan.filter((entry) => entry.status === 'completed').length
  const current = plan.find((entry) => entry.status === 'in_progress') ?? plan.find((entry) => entry.status === 'pending')
  return (
    <section aria-label="Plan" className="rounded-lg border border-line bg-raised">
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        className="touch-target flex h-9 w-full items-center gap-2.5 rounded-lg px-3.5 text-left text-sm"
      >
        <span className="figures shrink-0 text-ink-quiet">
          {done} of {plan.length}
        </span>
        <span className="min-w-0 flex-1 truncate text-ink-soft">{current?.content ?? 'Plan done'}</span>
        <ChevronDown aria-hidden className={classNames('size-4 shrink-0 text-ink-quiet transition-transform', isOpen && 'rotate-180')} />
      </button>
      {isOpen ? <PlanList plan={plan} className="thin-scroll max-h-48 overflow-y-auto px-3.5 pb-3" /> : null}
    </section>
  )
}

/** Every step of the plan; also the Plan tab. */
export function PlanList({ plan, className }: { plan: ChatView['plan']; className?: string }) {
  return (
    <ol className={classNames('flex flex-col gap-1.5', className)}>
      {plan.map((entry, index) => {
        const Icon = icons[entry.status]
        return (
          <li key={index} className="flex gap-2.5 text-sm">
            <Icon
              aria-hidden
              className={classNames(
                'mt-0.5 size-4 shrink-0 text-ink-quiet',
                entry.status === 'in_progress' && 'text-busy',
                entry.status === 'completed' && 'text-good',
              )}
            />
            <span className="sr-only">{words[entry.status]}:</span>
            <span
              className={classNames(
                'min-w-0 break-words',
                entry.status === 'completed' ? 'text-ink-quiet line-through decoration-line-strong' : 'text-ink',
              )}
            >
              {entry.content}
            </span>
          </li>
        )
      })}
    </ol>
  )
}
