import { BookOpen, FilePen, Globe, Lightbulb, MoveRight, Search, Shuffle, SquareTerminal, Trash2, Wrench } from 'lucide-react'
import type { ToolItem } from '#core/chat/view.ts'

const icons = {
  execute: SquareTerminal,
  read: BookOpen,
  edit: FilePen,
  delete: Trash2,
  move: MoveRight,
  search: Search,
  fetch: Globe,
  think: Lightbulb,
  switch_mode: Shuffle,
  other: Wrench,
} as const satisfies Record<ToolItem['kind'], unknown>

/** The sign of a kind of tool, the same in rows, questions and folded lines. */
export function ToolIcon({ kind, className }: { kind: ToolItem['kind']; className?: string }) {
  const Icon = icons[kind]
  return <Icon aria-hidden className={className} />
}
