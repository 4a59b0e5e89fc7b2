'use client'

import { memo, useState } from 'react'
import { sayDay } from '#components/chat/amounts.model.ts'
import { useChatActs } from '#components/chat/chat-context.tsx'
import { ElicitationRow } from '#components/chat/elicitation-row.tsx'
import { Markdown } from '#components/chat/markdown.tsx'
import { PermissionRow } from '#components/chat/permission-row.tsx'
import { OutgoingRow, PromptRow } from '#components/chat/prompt-row.tsx'
import { RunNoteRow } from '#components/chat/run-note-row.tsx'
import { QuestionRow } from '#components/chat/question-row.tsx'
import { ThoughtRow } from '#components/chat/thought-row.tsx'
import type { Row } from '#components/chat/timeline.model.ts'
import { ToolRow, ToolsRow } from '#components/chat/tool-row.tsx'
import { TurnEndRow } from '#components/chat/turn-end-row.tsx'
import { WorkingRow } from '#components/chat/working-row.tsx'
import type { ChatView, MovedItem } from '#core/chat/view.ts'
import { failureWords } from '#components/failures/sentences.ts'
import { Notice } from '#components/ui/notice.tsx'

/** What the working row alone needs to know of the chat around it. */
export type Surroundings = { run: ChatView['run']; node: { name: string; isOnline: boolean } | null; me: { userId: string; name: string } }

/** A row of the timeline. Draws again only when its own row object changes. */
export const RowView = memo(function RowView({ row, surroundings }: { row: Row; surroundings: Surroundings | null }) {
  switch (row.is) {
    case 'day':
      return <DayRow day={row.day} />
    case 'prompt':
      return <PromptRow turn={row.turn} />
    case 'outgoing':
      return <OutgoingRow outgoing={row.outgoing} userId={surroundings?.me.userId ?? ''} name={surroundings?.me.name ?? 'You'} />
    case 'reply':
      return <Markdown text={row.item.text} isLive={row.isLive} />
    case 'thought':
      return <ThoughtRow rowKey={row.key} item={row.item} isLive={row.isLive} />
    case 'tool':
      return <ToolRow rowKey={row.key} turnId={row.turnId} item={row.item} isLive={row.isLive} />
    case 'tools':
      return <ToolsRow rowKey={row.key} turnId={row.turnId} items={row.items} />
    case 'permission':
      return <PermissionRow item={row.item} />
    case 'elicitation':
      return <ElicitationRow item={row.item} />
    case 'run-note':
      return <RunNoteRow item={row.item} />
    case 'moved':
      return <MovedRow item={row.item} />
    case 'question':
      return <QuestionRow item={row.item} />
    case 'model-failure':
      return <ModelFailureRow row={row} />
    case 'working':
      return (
        <WorkingRow
          turnId={row.turnId}
          status={row.status}
          since={row.since}
          usage={row.usage}
          progress={row.progress}
          run={surroundings?.run ?? { is: 'none' }}
          node={surroundings?.node ?? null}
        />
      )
    case 'turn-end':
      return <TurnEndRow turn={row.turn} isLast={row.isLast} />
  }
})

/** Only these two look beyond their own row. */
export const needsSurroundings = (row: Row): boolean => row.is === 'working' || row.is === 'outgoing'

function DayRow({ day }: { day: string }) {
  const [now] = useState(() => Date.now())
  return (
    <div className="flex items-center gap-3 text-xs text-ink-quiet">
      <span className="h-px flex-1 bg-line" />
      <h2 className="font-normal">{sayDay(day, now)}</h2>
      <span className="h-px flex-1 bg-line" />
    </div>
  )
}

/** Said where it happened: what the agent did before lies on another machine. */
function MovedRow({ item }: { item: MovedItem }) {
  return (
    <Notice className="py-2 text-sm">
      Moved from {item.from} to {item.to}; uncommitted work stayed on {item.from}.
    </Notice>
  )
}

function ModelFailureRow({ row }: { row: Extract<Row, { is: 'model-failure' }> }) {
  const { harness, projectId } = useChatActs()
  const { failure } = row.item
  return (
    <Notice tone="warn" className="py-2 text-sm">
      {
        failureWords(failure.code, { ...failure.facts, provider: row.item.provider, model: row.item.model }, { projectId, harness })
          .sentence
      }
      {row.times > 1 ? ` (${row.times} times)` : ''}
      {failure.detail ? (
        <details className="mt-1">
          <summary className="touch-target w-fit underline decoration-current/40 underline-offset-4">Details</summary>
          <pre className="mt-1 max-h-40 overflow-auto font-mono text-xs whitespace-pre-wrap">{failure.detail}</pre>
        </details>
      ) : null}
    </Notice>
  )
}
