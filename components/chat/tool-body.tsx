'use client'

import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { isCut } from '#core/chat/heads.ts'
import type { TurnId } from '#core/ids.ts'
import type { ToolItem } from '#core/chat/view.ts'
import { sayCount } from '#components/chat/amounts.model.ts'
import { useChatActs } from '#components/chat/chat-context.tsx'
import { LineCounts } from '#components/chat/line-counts.tsx'
import { InlineDiff } from '#components/chat/inline-diff.tsx'
import {
  commandOf,
  countsOf,
  diffsOf,
  directoryOf,
  exitCodeOf,
  printedBy,
  cutLines,
  sayCut,
  shortPath,
  tailOf,
  type ToolDiff,
} from '#components/chat/tool.model.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { CopyButton } from '#components/ui/copy-button.tsx'

type Shown = Pick<ToolItem, 'kind' | 'title' | 'content' | 'input'> & Partial<Pick<ToolItem, 'output' | 'status' | 'endedAt'>>

type Look = {
  /** Not done yet: then no line above names the file. */
  isAsked?: boolean
  /** Somebody has asked for all of it already. */
  isWhole?: boolean
  /** What was printed before that is not here. */
  more?: Rest
}

/** A call of the transcript; of a long one only a part is here until somebody asks for all of it. */
export function CallBody({ item, turnId }: { item: ToolItem; turnId: TurnId }) {
  const { chatId } = useChatActs()
  const trpc = useTRPC()
  const [isAsked, setAsked] = useState(false)
  const whole = useQuery({
    ...trpc.chats.toolCall.queryOptions({ chatId, turnId, toolCallId: item.toolCallId }),
    enabled: isAsked,
    staleTime: Infinity,
    // Megabytes, perhaps: kept while they are looked at.
    gcTime: 10_000,
  })
  if (!isCut(item)) return <ToolBody item={item} />
  // Keyed, since it is open from the start.
  if (whole.data)
    return <ToolBody key="whole" isWhole item={{ ...item, ...(whole.data as Pick<ToolItem, 'content' | 'input' | 'output'>) }} />
  const load = () => (isAsked ? void whole.refetch() : setAsked(true))
  const lines = cutLines(item)
  const more = { lines, load, isLoading: whole.isFetching, hasFailed: whole.isError }
  return (
    <>
      <ToolBody item={item} {...(lines > 0 && { more })} />
      {lines > 0 ? null : (
        <p className="-mt-1 mb-2 flex items-center gap-x-3 text-xs text-ink-quiet">
          <More {...more} words={`Show all, ${sayCut(item)}`} />
        </p>
      )}
    </>
  )
}

type Rest = { lines: number; load: () => void; isLoading: boolean; hasFailed: boolean }

/** Brings what is not here. */
function More({ load, isLoading, hasFailed, words }: Rest & { words: string }) {
  return (
    <>
      {hasFailed ? (
        <span role="alert" className="text-xs text-bad-ink">
          The rest did not load.
        </span>
      ) : null}
      <Button variant="link" size="sm" isBusy={isLoading} onClick={load}>
        {hasFailed ? 'Retry' : words}
      </Button>
    </>
  )
}

/** What a call holds: the command with what it printed, the diff, or what was said and answered. */
export function ToolBody({ item, isAsked = false, isWhole = false, more }: { item: Shown } & Look) {
  const command = commandOf(item)
  const diffs = diffsOf(item)
  return (
    <div className="mt-1 mb-2 flex flex-col gap-2">
      {command === undefined ? null : <CommandOutput item={item} command={command} isWhole={isWhole} more={more} />}
      {diffs.map((diff, index) => (
        <DiffOf key={index} diff={diff} isNamed={isAsked || diffs.length > 1} />
      ))}
      {command === undefined && diffs.length === 0 ? <Plain item={item} isWhole={isWhole} more={more} /> : null}
    </div>
  )
}

type Printing = { isWhole: boolean; more: Rest | undefined }

function CommandOutput({ item, command, isWhole, more }: { item: Shown; command: string } & Printing) {
  const printed = useMemo(() => printedBy({ content: item.content, output: item.output }), [item.content, item.output])
  const exitCode = exitCodeOf({ output: item.output })
  const directory = directoryOf(item)
  return (
    <figure className="overflow-hidden rounded-md border border-line bg-sunken">
      <figcaption className="flex items-start gap-2 border-b border-line py-1.5 pr-1.5 pl-3">
        <code className="min-w-0 flex-1 self-center font-mono text-xs leading-5 break-words whitespace-pre-wrap text-ink [overflow-wrap:anywhere]">
          <span aria-hidden className="text-ink-quiet select-none">
            ${' '}
          </span>
          {command}
        </code>
        {exitCode === undefined ? null : (
          <Badge tone={exitCode === 0 ? 'good' : 'bad'} className="self-center">
            exit {exitCode}
          </Badge>
        )}
        <CopyButton text={command} label="Copy command" />
      </figcaption>
      {directory === undefined || directory === '.' ? null : (
        <p className="border-b border-line px-3 py-1 font-mono text-2xs text-ink-quiet">in {directory}</p>
      )}
      {printed === '' ? (
        <p className="px-3 py-2 text-xs text-ink-quiet">{item.endedAt === null ? 'Nothing printed yet' : 'Printed nothing'}</p>
      ) : (
        <Printed text={printed} label={`Output of ${command}`} isWholeFirst={isWhole} more={more} />
      )}
    </figure>
  )
}

/** The end of a text, and all of it on demand. */
function Printed({ text, label, isWholeFirst, more }: { text: string; label: string; isWholeFirst: boolean; more: Rest | undefined }) {
  const [isWhole, setWhole] = useState(isWholeFirst)
  const tail = useMemo(() => tailOf(text), [text])
  return (
    <>
      {more ? (
        <div className="flex items-center gap-3 border-b border-line px-3 py-1">
          <More {...more} words={`Show all, ${sayCount(more.lines + tail.hidden, 'more line')} above`} />
        </div>
      ) : tail.hidden > 0 ? (
        <div className="border-b border-line px-3 py-1">
          <Button variant="link" size="sm" onClick={() => setWhole(!isWhole)} aria-expanded={isWhole}>
            {isWhole ? 'Show the last 20 lines' : `Show all, ${sayCount(tail.hidden, 'more line')} above`}
          </Button>
        </div>
      ) : null}
      <pre
        role="region"
        tabIndex={0}
        aria-label={label}
        className="thin-scroll max-h-96 overflow-auto px-3 py-2 font-mono text-xs leading-5 whitespace-pre text-ink-soft outline-offset-[-2px]"
      >
        {isWhole ? text : tail.lines}
      </pre>
    </>
  )
}

function DiffOf({ diff, isNamed }: { diff: ToolDiff; isNamed: boolean }) {
  const counts = useMemo(() => countsOf(diff), [diff])
  return (
    <div className="overflow-hidden rounded-md border border-line">
      {isNamed ? (
        <p className="flex items-center gap-3 border-b border-line bg-sunken px-3 py-1.5 font-mono text-xs">
          <span className="min-w-0 truncate">{shortPath(diff.path)}</span>
          <LineCounts {...counts} className="ml-auto" />
        </p>
      ) : null}
      {diff.cut ? (
        <p className="bg-sunken px-3 py-2 text-xs text-ink-quiet">A long change.</p>
      ) : (
        <InlineDiff path={shortPath(diff.path)} before={diff.oldText} after={diff.newText} />
      )}
      {diff.truncated ? (
        <p className="border-t border-line bg-sunken px-3 py-1 text-xs text-ink-quiet">
          {sayCount(diff.truncated, 'character')} more are not shown
        </p>
      ) : null}
    </div>
  )
}

function Plain({ item, isWhole, more }: { item: Shown } & Printing) {
  const printed = useMemo(() => printedBy({ content: item.content, output: item.output }), [item.content, item.output])
  const raw = item.content.flatMap((each) => (each.type === 'raw' ? [each.json] : []))
  const input = isWorthShowing(item.input) ? item.input : undefined
  return (
    <div className="overflow-hidden rounded-md border border-line bg-sunken">
      {input === undefined ? null : <Json label="Asked" value={input} />}
      {printed === '' ? null : <Printed text={printed} label={`Answer of ${item.title}`} isWholeFirst={isWhole} more={more} />}
      {printed === '' && isWorthShowing(item.output) ? <Json label="Answered" value={item.output} /> : null}
      {raw.map((each, index) => (
        <Json key={index} label="Raw" value={each} />
      ))}
      {input === undefined && printed === '' && !isWorthShowing(item.output) && raw.length === 0 ? (
        <p className="px-3 py-2 text-xs text-ink-quiet">The agent said nothing more about it.</p>
      ) : null}
    </div>
  )
}

const isWorthShowing = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== '' && !(typeof value === 'object' && Object.keys(value).length === 0)

function Json({ label, value }: { label: string; value: unknown }) {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
  return (
    <div className="border-b border-line last:border-0">
      <p className="px-3 pt-1.5 text-2xs font-medium text-ink-quiet">{label}</p>
      <pre
        role="region"
        tabIndex={0}
        aria-label={label}
        className="thin-scroll max-h-72 overflow-auto px-3 pt-0.5 pb-2 font-mono text-xs leading-5 whitespace-pre-wrap text-ink-soft outline-offset-[-2px]"
      >
        {text}
      </pre>
    </div>
  )
}
