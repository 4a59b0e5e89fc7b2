'use client'

import { RotateCw, TriangleAlert, WifiOff } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import type { Turn } from '#core/chat/view.ts'
import { sayClock } from '#components/chat/amounts.model.ts'
import { useChatActs } from '#components/chat/chat-context.tsx'
import { type Outgoing, textOf } from '#components/chat/timeline.model.ts'
import { failureWords } from '#components/failures/sentences.ts'
import { Avatar } from '#components/ui/avatar.tsx'
import { Button } from '#components/ui/button.tsx'
import { classNames } from '#components/ui/class-names.ts'
import { CopyButton } from '#components/ui/copy-button.tsx'
import { Spinner } from '#components/ui/spinner.tsx'

/** What a person asked. */
export function PromptRow({ turn }: { turn: Turn }) {
  const { nameOf } = useChatActs()
  return <Bubble userId={turn.by} name={nameOf(turn.by)} at={turn.requestedAt} text={textOf(turn.prompt)} />
}

/** What I asked and the log does not hold yet. */
export function OutgoingRow({ outgoing, userId, name }: { outgoing: Outgoing; userId: string; name: string }) {
  return (
    <Bubble userId={userId} name={name} at={outgoing.sentAt} text={outgoing.text} isFaint={outgoing.state !== 'failed'}>
      <OutgoingState outgoing={outgoing} />
    </Bubble>
  )
}

/** Sending, or not sent with the way out. Also under a prompt in the queue. */
export function OutgoingState({ outgoing }: { outgoing: Outgoing }) {
  const { retryOutgoing, discardOutgoing, projectId, harness } = useChatActs()
  if (outgoing.state === 'sending') {
    return (
      <p className="flex items-center gap-1.5 text-xs text-ink-quiet">
        <Spinner className="size-3" /> Sending
      </p>
    )
  }
  const isWaiting = outgoing.state === 'waiting'
  const why = isWaiting
    ? 'Goes out when the connection is back.'
    : outgoing.code
      ? failureWords(outgoing.code, {}, { projectId, harness }).sentence
      : 'It is not known whether this arrived. Retry sends it at most once.'
  return (
    <div
      className={classNames('flex flex-wrap items-center gap-x-3 gap-y-1 text-sm', isWaiting ? 'text-ink-soft' : 'text-bad-ink')}
      role={isWaiting ? 'status' : 'alert'}
    >
      <span className="flex items-center gap-1.5">
        {isWaiting ? <WifiOff aria-hidden className="size-3.5" /> : <TriangleAlert aria-hidden className="size-3.5" />} {why}
      </span>
      <span className="flex gap-1">
        <Button size="sm" icon={<RotateCw aria-hidden />} onClick={() => retryOutgoing(outgoing.turnId)}>
          Retry
        </Button>
        <Button size="sm" variant="quiet" onClick={() => discardOutgoing(outgoing.turnId)}>
          Discard
        </Button>
      </span>
    </div>
  )
}

const LONG_LINES = 14
const LONG_CHARACTERS = 1_600

function Bubble({
  userId,
  name,
  at,
  text,
  isFaint = false,
  children,
}: {
  userId: string
  name: string
  at: string
  text: string
  isFaint?: boolean
  children?: ReactNode
}) {
  const [isWhole, setWhole] = useState(false)
  const isLong = text.length > LONG_CHARACTERS || text.split('\n').length > LONG_LINES
  return (
    <article
      aria-label={`Prompt by ${name}`}
      className="group/prompt rounded-lg border border-line bg-raised px-3.5 py-3 shadow-rest sm:px-4"
    >
      <header className="mb-1.5 flex h-6 items-center gap-2">
        <Avatar name={name} colourKey={userId} size="sm" isDecorative />
        <span className="truncate text-base font-semibold">{name}</span>
        <time dateTime={at} className="figures text-xs text-ink-quiet">
          {sayClock(at)}
        </time>
        <CopyButton
          text={text}
          label="Copy prompt"
          className="ml-auto opacity-0 group-focus-within/prompt:opacity-100 group-hover/prompt:opacity-100 touch:opacity-100"
        />
      </header>
      <p
        className={classNames(
          'text-md break-words whitespace-pre-wrap [overflow-wrap:anywhere]',
          isFaint && 'text-ink-soft',
          isLong && !isWhole && 'line-clamp-[12]',
        )}
      >
        {text}
      </p>
      {isLong ? (
        <Button variant="link" size="sm" className="mt-1" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Show less' : 'Show all'}
        </Button>
      ) : null}
      {children ? <div className="mt-2">{children}</div> : null}
    </article>
  )
}
