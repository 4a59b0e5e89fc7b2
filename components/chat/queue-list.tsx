'use client'

import { Pencil, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { Turn } from '#core/chat/view.ts'
import type { TurnId } from '#core/ids.ts'
import { useChatActs } from '#components/chat/chat-context.tsx'
import { OutgoingState } from '#components/chat/prompt-row.tsx'
import { type Outgoing, textOf } from '#components/chat/timeline.model.ts'
import { Avatar } from '#components/ui/avatar.tsx'
import { Button } from '#components/ui/button.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Textarea } from '#components/ui/input.tsx'

/** Prompts that wait for the running turn: everybody sees them, and may edit or take them out. */
export function QueueList({
  queued,
  sending,
  onEdit,
}: {
  queued: readonly Turn[]
  sending: readonly Outgoing[]
  onEdit: (turnId: TurnId, text: string) => Promise<void>
}) {
  const count = queued.length + sending.length
  if (count === 0) return null
  return (
    <section aria-label="Queue" className="overflow-hidden rounded-lg border border-line bg-raised">
      <h2 className="px-3.5 pt-2 pb-1 text-xs text-ink-quiet">{count === 1 ? 'Next' : `Next, ${count} in line`}</h2>
      <ol className="thin-scroll max-h-52 overflow-y-auto">
        {queued.map((turn) => (
          <QueuedPrompt key={turn.turnId} turn={turn} onEdit={onEdit} />
        ))}
        {sending.map((each) => (
          <li key={each.turnId} className="border-t border-line px-3.5 py-2 first:border-0">
            <p className="line-clamp-2 text-sm break-words text-ink-soft">{each.text}</p>
            <OutgoingState outgoing={each} />
          </li>
        ))}
      </ol>
    </section>
  )
}

function QueuedPrompt({ turn, onEdit }: { turn: Turn; onEdit: (turnId: TurnId, text: string) => Promise<void> }) {
  const { nameOf, withdraw, mayPrompt } = useChatActs()
  const [typed, setTyped] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)
  const text = textOf(turn.prompt)
  const name = nameOf(turn.by)

  if (typed !== null) {
    const save = () => {
      setBusy(true)
      void onEdit(turn.turnId, typed.trim())
        .then(() => setTyped(null))
        .finally(() => setBusy(false))
    }
    return (
      <li className="flex flex-col gap-2 border-t border-line px-3.5 py-2 first:border-0">
        <Textarea
          aria-label="Waiting prompt"
          rows={2}
          className="min-h-16"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <div className="flex gap-2">
          <Button size="sm" variant="primary" isBusy={isBusy} isDisabled={typed.trim() === ''} onClick={save}>
            Save
          </Button>
          <Button size="sm" variant="quiet" onClick={() => setTyped(null)}>
            Cancel
          </Button>
        </div>
      </li>
    )
  }
  return (
    <li className="flex items-center gap-2.5 border-t border-line py-1 pr-1.5 pl-3.5 first:border-0">
      <Avatar name={name} colourKey={turn.by} size="xs" />
      <p className="line-clamp-1 min-w-0 flex-1 text-sm break-all text-ink">{text}</p>
      {mayPrompt ? (
        <span className="flex shrink-0">
          <IconButton label="Edit this prompt" size="sm" onClick={() => setTyped(text)}>
            <Pencil aria-hidden />
          </IconButton>
          <IconButton label="Remove from the queue" size="sm" onClick={() => withdraw(turn.turnId)}>
            <Trash2 aria-hidden />
          </IconButton>
        </span>
      ) : null}
    </li>
  )
}
