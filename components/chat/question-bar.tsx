'use client'

import { ShieldQuestion } from 'lucide-react'
import type { PermissionItem, QuestionItem } from '#core/chat/view.ts'
import { useChatActs } from '#components/chat/chat-context.tsx'
import { approvalOf, isSaidInOneLine } from '#components/chat/permission.model.ts'
import { questionWords, subjectWords } from '#components/chat/question.model.ts'
import { Button } from '#components/ui/button.tsx'

/** Stays above the composer while a question is open and out of sight. Allows only what it shows whole. */
export function QuestionBar({ questions, onShow }: { questions: readonly QuestionItem[]; onShow: (item: QuestionItem) => void }) {
  const { agent, mayPrompt } = useChatActs()
  const first = questions[0]
  if (!first) return null
  return (
    <section
      aria-label="Open question"
      className="flex flex-wrap items-center gap-x-3 gap-y-1.5 rounded-lg border border-warn bg-warn-wash py-2 pr-2 pl-3.5 text-warn-ink"
    >
      <ShieldQuestion aria-hidden className="size-4 shrink-0" />
      <p className="flex min-w-0 flex-1 basis-64 flex-wrap items-baseline gap-x-2">
        <span className="text-base font-medium">{questionWords(first, agent)}</span>
        <span className={`line-clamp-3 min-w-0 text-xs [overflow-wrap:anywhere] ${first.is === 'permission' ? 'font-mono' : ''}`}>
          {subjectWords(first)}
        </span>
        {questions.length > 1 ? <span className="figures text-xs whitespace-nowrap">1 of {questions.length}</span> : null}
      </p>
      <span className="ml-auto flex gap-1.5">
        <Button size="sm" onClick={() => onShow(first)}>
          Show
        </Button>
        {first.is === 'permission' && mayPrompt ? <Approval item={first} /> : null}
      </span>
    </section>
  )
}

function Approval({ item }: { item: PermissionItem }) {
  const { answer } = useChatActs()
  const approval = approvalOf(item)
  return approval && isSaidInOneLine(item) ? (
    <Button size="sm" variant="primary" onClick={() => void answer(item, approval.optionId)}>
      {approval.name}
    </Button>
  ) : null
}
