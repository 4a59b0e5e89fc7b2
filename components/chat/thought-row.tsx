'use client'

import { Brain, ChevronRight } from 'lucide-react'
import type { ThoughtItem } from '#core/chat/view.ts'
import { sayDuration } from '#components/chat/amounts.model.ts'
import { useChatActs } from '#components/chat/chat-context.tsx'
import { LineButton } from '#components/chat/line-button.tsx'
import { Markdown } from '#components/chat/markdown.tsx'
import { useOpenRow } from '#components/chat/open-rows.ts'
import { classNames } from '#components/ui/class-names.ts'

/** What the agent thought: one line until somebody wants to read it. */
export function ThoughtRow({ rowKey, item, isLive }: { rowKey: string; item: ThoughtItem; isLive: boolean }) {
  const { openRows } = useChatActs()
  const [isOpen, setOpen] = useOpenRow(openRows, rowKey, false)
  const tookMs = Date.parse(item.lastAt) - Date.parse(item.startedAt)
  return (
    <div>
      <LineButton
        isOpen={isOpen}
        onToggle={() => setOpen(!isOpen)}
        icon={<Brain aria-hidden className={classNames(isLive && 'animate-pulse')} />}
      >
        <span className="text-ink-soft">{isLive ? 'Thinking' : tookMs >= 1_000 ? `Thought for ${sayDuration(tookMs)}` : 'Thought'}</span>
        <ChevronRight aria-hidden className={classNames('size-3.5 shrink-0 transition-transform', isOpen && 'rotate-90')} />
      </LineButton>
      {isOpen ? (
        <div className="mt-1 mb-2 ml-2 border-l-2 border-line pl-4">
          <Markdown text={item.text} isLive={isLive} className="text-base! text-ink-soft" />
        </div>
      ) : null}
    </div>
  )
}
