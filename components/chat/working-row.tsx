'use client'

import { CloudOff, Hourglass } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { ChatView, Turn, TurnStatus, Usage } from '#core/chat/view.ts'
import type { TurnId } from '#core/ids.ts'
import { useChatActs } from '#components/chat/chat-context.tsx'
import { usageFacts, workWords } from '#components/chat/turn-words.model.ts'
import { LeaveWorkspace } from '#components/nodes/leave-workspace.tsx'
import { useWhyWaiting } from '#components/nodes/use-why-waiting.ts'
import { Button } from '#components/ui/button.tsx'
import { formatDuration } from '#components/ui/numbers.ts'
import { Progress } from '#components/ui/progress.tsx'
import { Spinner } from '#components/ui/spinner.tsx'

/** What goes on right now, and for how long. Of one height, so that the page stays still when words change. */
export function WorkingRow({
  turnId,
  status,
  since,
  usage,
  progress,
  run,
  node,
}: {
  turnId: TurnId
  status: TurnStatus
  since: string
  /** What the turn has used until now. */
  usage: Usage
  /** Where the agent says that it stands. */
  progress: Turn['progress']
  run: ChatView['run']
  node: { name: string; isOnline: boolean } | null
}) {
  const { agent, chatId, withdraw, mayPrompt } = useChatActs()
  const wait = useWhyWaiting(chatId, status === 'queued')
  const { words, note, fraction, isMoving } = workWords({
    wait,
    status,
    run,
    agent,
    progress,
    isNodeOnline: node?.isOnline ?? null,
    nodeName: node?.name ?? null,
  })
  return (
    <div className="flex flex-col gap-1.5 py-1">
      <div className="flex min-h-7 flex-wrap items-center gap-x-2 text-sm text-ink-soft">
        {isMoving ? (
          <Spinner className="text-busy" />
        ) : node?.isOnline === false ? (
          <CloudOff aria-hidden className="size-4" />
        ) : (
          <Hourglass aria-hidden className="size-4 text-warn-ink" />
        )}
        <span>{words}</span>
        {note ? <span className="min-w-0 truncate text-ink-quiet">{note}</span> : null}
        <Elapsed since={since} />
        {usageFacts(usage).map((fact) => (
          <span key={fact} className="figures text-xs text-ink-quiet before:mr-2 before:content-['·'] max-sm:not-last:hidden">
            {fact}
          </span>
        ))}
        {status === 'queued' && mayPrompt ? (
          <span className="ml-auto flex">
            {wait?.mayLeave ? <LeaveWorkspace chatId={chatId} /> : null}
            <Button size="sm" variant="quiet" onClick={() => withdraw(turnId)}>
              Take back
            </Button>
          </span>
        ) : null}
      </div>
      {fraction === undefined ? null : <Progress fraction={fraction} label={words} className="max-w-72" />}
    </div>
  )
}

/** Counts up by itself, so that nothing else draws each second. */
function Elapsed({ since }: { since: string }) {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [])
  const seconds = Math.floor((now - Date.parse(since)) / 1_000)
  return seconds < 3 ? null : <span className="figures text-xs text-ink-quiet">{formatDuration(seconds * 1_000)}</span>
}
