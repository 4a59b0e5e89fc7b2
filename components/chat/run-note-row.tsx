'use client'

import { CircleFadingArrowUp, History, RotateCcw } from 'lucide-react'
import type { RunNoteItem } from '#core/chat/view.ts'
import { useChatActs } from '#components/chat/chat-context.tsx'
import { runNoteWords } from '#components/chat/turn-words.model.ts'

/** That the agent came back, is another version, or has forgotten: no failure, but nothing to find out by accident. */
export function RunNoteRow({ item }: { item: RunNoteItem }) {
  const { agent } = useChatActs()
  const Icon = item.hasForgotten ? History : item.upgrade ? CircleFadingArrowUp : RotateCcw
  return (
    <p className={`flex items-start gap-2 py-1 text-sm ${item.hasForgotten ? 'text-warn-ink' : 'text-ink-quiet'}`}>
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
      {runNoteWords(item, agent)}
    </p>
  )
}
