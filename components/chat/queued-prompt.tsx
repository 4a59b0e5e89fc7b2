'use client'

import { ArrowDown, ArrowUp, CornerDownRight, Ellipsis, Pencil, Trash2 } from 'lucide-react'
import { type KeyboardEvent, useState } from 'react'
import type { Turn } from '#core/chat/view.ts'
import type { TurnId } from '#core/ids.ts'
import { useChatActs } from '#components/chat/chat-context.tsx'
import { textOf } from '#components/chat/timeline.model.ts'
import { Avatar } from '#components/ui/avatar.tsx'
import { Button } from '#components/ui/button.tsx'
import { classNames } from '#components/ui/class-names.ts'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Textarea } from '#components/ui/input.tsx'
import { Menu, MenuItem, MenuSeparator } from '#components/ui/menu.tsx'
import { Tooltip } from '#components/ui/tooltip.tsx'

type Props = {
  turn: Turn
  isFirst: boolean
  isLast: boolean
  /** Another row is dragged, and may be let go here. */
  isDropPlace: boolean
  onEdit: (turnId: TurnId, text: string) => Promise<void>
  onMove: (by: -1 | 1) => void
  onDrag: (turnId: TurnId | null) => void
  onDrop: () => void
}

/** One prompt that waits: whose it is, and what can be done with it. Its author alone edits it. */
export function QueuedPrompt({ turn, isFirst, isLast, isDropPlace, onEdit, onMove, onDrag, onDrop }: Props) {
  const { nameOf, withdraw, sendNow, mayPrompt, userId } = useChatActs()
  const [isEditing, setEditing] = useState(false)
  const [isOver, setOver] = useState(false)
  const text = textOf(turn.prompt)
  const isMine = turn.by === userId
  const acts = {
    edit: () => setEditing(true),
    sendNow: () => sendNow(turn.turnId),
    up: () => onMove(-1),
    down: () => onMove(1),
    remove: () => withdraw(turn.turnId),
  }

  if (isEditing) return <EditedPrompt text={text} onSave={(typed) => onEdit(turn.turnId, typed)} onClose={() => setEditing(false)} />

  const onKeyDown = (event: KeyboardEvent) => {
    const by = ({ ArrowUp: -1, ArrowDown: 1 } as const)[event.key]
    if (!by || !event.altKey) return
    event.preventDefault()
    onMove(by)
  }
  return (
    // The keys come from the buttons of the row, which do the same.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- dragging is the mouse’s way to what the row’s buttons and keys do too
    <li
      data-turn={turn.turnId}
      draggable={mayPrompt && !(isFirst && isLast)}
      onDragStart={(event) => {
        event.dataTransfer.effectAllowed = 'move'
        onDrag(turn.turnId)
      }}
      onDragEnd={() => onDrag(null)}
      onDragOver={(event) => {
        if (!isDropPlace) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        onDrop()
      }}
      onKeyDown={mayPrompt ? onKeyDown : undefined}
      className={classNames(
        'flex items-center gap-2.5 border-t border-line py-1 pr-1.5 pl-3.5 first:border-0',
        isDropPlace && isOver && 'bg-accent-wash',
      )}
    >
      <Avatar name={nameOf(turn.by)} colourKey={turn.by} size="xs" />
      <p title={text} className="line-clamp-1 min-w-0 flex-1 text-sm break-all text-ink">
        {text}
      </p>
      {mayPrompt ? (
        <>
          <span className="hidden shrink-0 items-center sm:flex">
            {isMine ? (
              <IconButton label="Edit this prompt" size="sm" onClick={acts.edit}>
                <Pencil aria-hidden />
              </IconButton>
            ) : null}
            <Tooltip content="Stops the running turn and sends this next. What the turn has done is kept; it does not come back.">
              <Button
                size="sm"
                variant="quiet"
                icon={<CornerDownRight aria-hidden />}
                aria-description="Stops the running turn and sends this next."
                onClick={acts.sendNow}
              >
                Send now
              </Button>
            </Tooltip>
            <IconButton label="Move up" size="sm" data-move="up" isDisabled={isFirst} onClick={acts.up}>
              <ArrowUp aria-hidden />
            </IconButton>
            <IconButton label="Move down" size="sm" data-move="down" isDisabled={isLast} onClick={acts.down}>
              <ArrowDown aria-hidden />
            </IconButton>
            <IconButton label="Remove from the queue" size="sm" onClick={acts.remove}>
              <Trash2 aria-hidden />
            </IconButton>
          </span>
          <span className="shrink-0 sm:hidden">
            <Menu
              side="top"
              trigger={
                <button
                  type="button"
                  aria-label="What to do with this prompt"
                  className="touch-target grid size-9 place-items-center text-ink-quiet"
                >
                  <Ellipsis aria-hidden className="size-4" />
                </button>
              }
            >
              <MenuItem icon={<CornerDownRight aria-hidden />} onSelect={acts.sendNow}>
                Send now, stop the running turn
              </MenuItem>
              <MenuItem icon={<ArrowUp aria-hidden />} isDisabled={isFirst} onSelect={acts.up}>
                Move up
              </MenuItem>
              <MenuItem icon={<ArrowDown aria-hidden />} isDisabled={isLast} onSelect={acts.down}>
                Move down
              </MenuItem>
              {isMine ? (
                <MenuItem icon={<Pencil aria-hidden />} onSelect={acts.edit}>
                  Edit this prompt
                </MenuItem>
              ) : null}
              <MenuSeparator />
              <MenuItem icon={<Trash2 aria-hidden />} tone="bad" onSelect={acts.remove}>
                Remove from the queue
              </MenuItem>
            </Menu>
          </span>
        </>
      ) : null}
    </li>
  )
}

function EditedPrompt({ text, onSave, onClose }: { text: string; onSave: (text: string) => Promise<void>; onClose: () => void }) {
  const [typed, setTyped] = useState(text)
  const [isBusy, setBusy] = useState(false)
  const save = () => {
    setBusy(true)
    void onSave(typed.trim())
      .then(onClose)
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
        <Button size="sm" variant="quiet" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </li>
  )
}
