'use client'

/** What stands below the conversation: who types, the plan, the queue, an open question, the composer. */
import type { ReactNode } from 'react'
import type { AskingItem } from '#core/chat/asking.ts'
import type { ChatView } from '#core/chat/view.ts'
import type { TurnId } from '#core/ids.ts'
import { QuestionBar } from '#components/chat/question-bar.tsx'
import { PlanCard } from '#components/chat/plan-card.tsx'
import { QueueList } from '#components/chat/queue-list.tsx'
import { type Arranged, isActive } from '#components/chat/timeline.model.ts'
import type { Present } from '#components/chat/use-presence.ts'

export function ChatDock({
  view,
  arranged,
  questions,
  typing,
  onShow,
  onEdit,
  children,
}: {
  view: ChatView
  arranged: Arranged
  /** Open, and out of sight. */
  questions: readonly AskingItem[]
  typing: readonly Present[]
  onShow: (item: AskingItem) => void
  onEdit: (turnId: TurnId, text: string) => Promise<void>
  /** The composer. */
  children: ReactNode
}) {
  return (
    <footer className="mx-auto flex w-full max-w-3xl shrink-0 flex-col gap-2 px-3 pt-1 pb-[max(0.75rem,env(safe-area-inset-bottom))] sm:px-6 sm:pb-4">
      <p aria-hidden={typing.length === 0} className="h-4 truncate px-1 text-xs text-ink-quiet">
        {typing.length === 0 ? '' : `${typing.map((each) => each.name).join(', ')} ${typing.length === 1 ? 'is' : 'are'} typing…`}
      </p>
      {view.plan.length > 0 && view.turns.some(isActive) ? <PlanCard plan={view.plan} /> : null}
      <QueueList queued={arranged.queued} sending={arranged.sendingToQueue} onEdit={onEdit} />
      <QuestionBar questions={questions} onShow={onShow} />
      {children}
    </footer>
  )
}
