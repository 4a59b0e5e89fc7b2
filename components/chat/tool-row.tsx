'use client'

import { ChevronRight, CircleSlash, X } from 'lucide-react'
import { useMemo } from 'react'
import type { ToolItem } from '#core/chat/view.ts'
import type { TurnId } from '#core/ids.ts'
import { sayDuration } from '#components/chat/amounts.model.ts'
import { useChatActs } from '#components/chat/chat-context.tsx'
import { LineButton } from '#components/chat/line-button.tsx'
import { LineCounts } from '#components/chat/line-counts.tsx'
import { useOpenRow } from '#components/chat/open-rows.ts'
import { CallBody } from '#components/chat/tool-body.tsx'
import { ToolIcon } from '#components/chat/tool-icons.tsx'
import { diffCounts, exitCodeOf, summarize, toolState, toolTarget, toolVerb } from '#components/chat/tool.model.ts'
import { Badge } from '#components/ui/badge.tsx'
import { classNames } from '#components/ui/class-names.ts'
import { Spinner } from '#components/ui/spinner.tsx'

/** One tool call in a line: what kind, what it did, to what, how long, and how it went. */
export function ToolRow({ rowKey, turnId, item, isLive = false }: { rowKey: string; turnId: TurnId; item: ToolItem; isLive?: boolean }) {
  const { openRows } = useChatActs()
  const state = toolState(item.status)
  // Live and failed calls open by themselves; a call that was let in peace closes when it is done.
  const [isOpen, setOpen] = useOpenRow(openRows, rowKey, state === 'failed' || (isLive && state === 'running' && item.kind === 'execute'))
  const counts = useMemo(() => diffCounts(item), [item])
  const exitCode = item.kind === 'execute' ? exitCodeOf(item) : undefined
  const tookMs = item.endedAt === null ? null : Date.parse(item.endedAt) - Date.parse(item.startedAt)
  return (
    <div>
      <LineButton isOpen={isOpen} onToggle={() => setOpen(!isOpen)} icon={<StateIcon item={item} />}>
        <span className="shrink-0 text-ink-soft">{toolVerb(item.kind, state)}</span>
        <span className="min-w-0 truncate font-mono text-xs text-ink">{toolTarget(item)}</span>
        {counts ? <LineCounts {...counts} /> : null}
        <span className="ml-auto flex shrink-0 items-center gap-2 pl-2">
          {exitCode !== undefined && exitCode !== 0 && !isOpen ? <Badge tone="bad">exit {exitCode}</Badge> : null}
          {state === 'failed' && (exitCode === undefined || exitCode === 0) ? <Badge tone="bad">Failed</Badge> : null}
          {state === 'cancelled' ? <Badge>Stopped</Badge> : null}
          {tookMs !== null && tookMs >= 1_000 ? <span className="figures text-xs">{sayDuration(tookMs)}</span> : null}
          <ChevronRight aria-hidden className={classNames('size-3.5 transition-transform', isOpen && 'rotate-90')} />
        </span>
      </LineButton>
      {isOpen ? <CallBody item={item} turnId={turnId} /> : null}
    </div>
  )
}

function StateIcon({ item }: { item: ToolItem }) {
  const state = toolState(item.status)
  if (state === 'running') return <Spinner className="text-busy" label="Running" />
  if (state === 'failed') return <X aria-hidden className="text-bad-ink" />
  if (state === 'cancelled') return <CircleSlash aria-hidden />
  return <ToolIcon kind={item.kind} />
}

/** A run of finished calls: "Ran 1 command, read 2 files". */
export function ToolsRow({ rowKey, turnId, items }: { rowKey: string; turnId: TurnId; items: readonly ToolItem[] }) {
  const { openRows } = useChatActs()
  const [isOpen, setOpen] = useOpenRow(openRows, `${rowKey}+`, false)
  const said = useMemo(() => summarize(items), [items])
  return (
    <div>
      <LineButton isOpen={isOpen} onToggle={() => setOpen(!isOpen)} icon={<ToolIcon kind={items[0]!.kind} />}>
        <span className="truncate text-ink-soft">{said}</span>
        <ChevronRight aria-hidden className={classNames('ml-auto size-3.5 shrink-0 transition-transform', isOpen && 'rotate-90')} />
      </LineButton>
      {isOpen ? (
        <div className="ml-2 border-l-2 border-line pl-4">
          {items.map((item) => (
            <ToolRow key={item.toolCallId} rowKey={`${rowKey}/${item.toolCallId}`} turnId={turnId} item={item} />
          ))}
        </div>
      ) : null}
    </div>
  )
}
