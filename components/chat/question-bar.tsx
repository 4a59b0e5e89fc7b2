'use client'

import { MessageCircleQuestion, ShieldQuestion } from 'lucide-react'
import type { AskingItem } from '#core/chat/asking.ts'
import { askingAbout, askingWords } from '#components/chat/asking.model.ts'
import { useChatActs } from '#components/chat/chat-context.tsx'
import { approvalOf, isSaidInOneLine } from '#components/chat/permission.model.ts'
import { Button } from '#components/ui/button.tsx'

/** Stays above the composer while a question is open and out of sight. Allows only what it shows whole. */
export function QuestionBar({ questions, onShow }: { questions: readonly AskingItem[]; onShow: (item: AskingItem) => void }) {
  const { agent, answer, mayPrompt } = useChatActs()
  const first = questions[0]
  if (!first) return null
  const asked = first.is === 'permission' ? first : null
  const approval = asked && approvalOf(asked)
  const Icon = asked ? ShieldQuestion : MessageCircleQuestion
  return (
    <section
      aria-label="Open question"
      className="flex flex-wrap items-center gap-x-3 gap-y-1.5 rounded-lg border border-warn bg-warn-wash py-2 pr-2 pl-3.5 text-warn-ink"
    >
      <Icon aria-hidden className="size-4 shrink-0" />
      <p className="flex min-w-0 flex-1 basis-64 flex-wrap items-baseline gap-x-2">
        <span className="text-base font-medium">{askingWords(first, agent)}</span>
        <span className={`${asked ? 'font-mono text-xs' : 'text-sm'} line-clamp-3 min-w-0 [overflow-wrap:anywhere]`}>
          {askingAbout(first)}
        </span>
        {questions.length > 1 ? <span className="figures text-xs whitespace-nowrap">1 of {questions.length}</span> : null}
      </p>
      <span className="ml-auto flex gap-1.5">
        <Button size="sm" onClick={() => onShow(first)}>
          Show
        </Button>
        {asked && approval && mayPrompt && isSaidInOneLine(asked) ? (
          <Button size="sm" variant="primary" onClick={() => void answer(asked, approval.optionId)}>
            {approval.name}
          </Button>
        ) : null}
      </span>
    </section>
  )
}
