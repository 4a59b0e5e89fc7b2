'use client'

import { useEffect, useRef, useState } from 'react'
import type { Turn } from '#core/chat/view.ts'
import type { TurnId } from '#core/ids.ts'
import { useChatActs } from '#components/chat/chat-context.tsx'
import { OutgoingState } from '#components/chat/prompt-row.tsx'
import { QueuedPrompt } from '#components/chat/queued-prompt.tsx'
import { placeAfterMove } from '#components/chat/queue.model.ts'
import type { Outgoing } from '#components/chat/timeline.model.ts'

/** Prompts that wait for the running turn, in their order: everybody sees them, and whoever may prompt changes their places. */
export function QueueList({
  queued,
  sending,
  onEdit,
}: {
  queued: readonly Turn[]
  sending: readonly Outgoing[]
  onEdit: (turnId: TurnId, text: string) => Promise<void>
}) {
  const { moveQueued } = useChatActs()
  const list = useRef<HTMLOListElement>(null)
  const moved = useRef<TurnId | null>(null)
  const [spoken, setSpoken] = useState('')
  const [dragged, setDragged] = useState<TurnId | null>(null)
  const order = queued.map((turn) => turn.turnId)

  const move = (turnId: TurnId, by: -1 | 1) => {
    const to = placeAfterMove(order, turnId, by)
    if (!to) return
    moved.current = turnId
    setSpoken(`Moved to place ${to.place} of ${order.length}`)
    moveQueued(turnId, to.before)
  }

  // A row that changes its place may lose the focus, and a button at its end no longer takes keys.
  const key = order.join()
  useEffect(() => {
    if (moved.current === null || key === '') return
    const row = list.current?.querySelector(`[data-turn="${moved.current}"]`)
    moved.current = null
    const focused = document.activeElement
    if (!row || (row.contains(focused) && !focused?.matches(':disabled'))) return
    row.querySelector<HTMLButtonElement>('[data-move]:not(:disabled)')?.focus()
  }, [key])

  const count = queued.length + sending.length
  if (count === 0) return null
  return (
    <section aria-label="Queue" className="overflow-hidden rounded-lg border border-line bg-raised">
      <h2 className="px-3.5 pt-2 pb-1 text-xs text-ink-quiet">{count === 1 ? 'Next' : `Next, ${count} in line`}</h2>
      <ol ref={list} className="thin-scroll max-h-52 overflow-y-auto">
        {queued.map((turn, at) => (
          <QueuedPrompt
            key={turn.turnId}
            turn={turn}
            isFirst={at === 0}
            isLast={at === queued.length - 1}
            isDropPlace={dragged !== null && dragged !== turn.turnId}
            onEdit={onEdit}
            onMove={(by) => move(turn.turnId, by)}
            onDrag={setDragged}
            onDrop={() => dragged && dragged !== turn.turnId && moveQueued(dragged, turn.turnId)}
          />
        ))}
        {sending.map((each) => (
          <li key={each.turnId} className="border-t border-line px-3.5 py-2 first:border-0">
            <p className="line-clamp-2 text-sm break-words text-ink-soft">{each.text}</p>
            <OutgoingState outgoing={each} />
          </li>
        ))}
      </ol>
      <p role="status" className="sr-only">
        {spoken}
      </p>
    </section>
  )
}
