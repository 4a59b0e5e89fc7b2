import { Lock } from 'lucide-react'

/** In a list: a chat that only its creator sees. */
export const PrivateMark = ({ chat }: { chat: { isPrivate: boolean } }) =>
  chat.isPrivate ? (
    <span title="Only you see it" className="shrink-0 text-ink-quiet">
      <Lock aria-hidden className="inline size-3" />
      <span className="sr-only">Only you see it</span>
    </span>
  ) : null
