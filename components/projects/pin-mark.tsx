import { Pin } from 'lucide-react'

/** In a list: a chat that I want first. */
export const PinMark = ({ chat }: { chat: { isPinned: boolean } }) =>
  chat.isPinned ? (
    <span title="Pinned" className="shrink-0 text-ink-quiet">
      <Pin aria-hidden className="inline size-3" />
      <span className="sr-only">Pinned</span>
    </span>
  ) : null
