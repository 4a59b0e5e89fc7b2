'use client'

import { Ban, CircleCheck, MessageSquare, MoreHorizontal, Play, RotateCcw } from 'lucide-react'
import { movesOf, type Move, type TaskCard } from '#components/tasks/board.model.ts'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Menu, MenuItem, MenuLink } from '#components/ui/menu.tsx'

const items = {
  start: { icon: <Play aria-hidden />, words: 'Start…', tone: 'plain' },
  done: { icon: <CircleCheck aria-hidden />, words: 'Move to Done', tone: 'plain' },
  reopened: { icon: <RotateCcw aria-hidden />, words: 'Reopen', tone: 'plain' },
  cancelled: { icon: <Ban aria-hidden />, words: 'Cancel the task', tone: 'bad' },
} as const satisfies Record<Move, unknown>

/** By keyboard and finger what dragging does by mouse, and what cannot be dragged. */
export function TaskMenu({ task, mayChange, onMove }: { task: TaskCard; mayChange: boolean; onMove: (move: Move) => void }) {
  const moves = mayChange ? movesOf(task.state) : []
  if (moves.length === 0 && !task.chatId) return null
  return (
    <Menu
      trigger={
        <IconButton label={`Move or open “${task.title}”`} size="sm">
          <MoreHorizontal aria-hidden />
        </IconButton>
      }
    >
      {task.chatId ? (
        <MenuLink icon={<MessageSquare aria-hidden />} href={`/projects/${encodeURIComponent(task.projectId)}/chats/${task.chatId}`}>
          Open its chat
        </MenuLink>
      ) : null}
      {moves.map((move) => (
        <MenuItem key={move} icon={items[move].icon} tone={items[move].tone} onSelect={() => onMove(move)}>
          {items[move].words}
        </MenuItem>
      ))}
    </Menu>
  )
}
