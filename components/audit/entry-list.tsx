'use client'

import { ChevronRight } from 'lucide-react'
import { useState, useSyncExternalStore } from 'react'
import { byDay, factLines, type Subject } from '#components/audit/audit.model.ts'
import type { AuditEntry } from '#components/audit/use-entries.ts'
import { Avatar } from '#components/ui/avatar.tsx'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { CopyButton } from '#components/ui/copy-button.tsx'
import { absoluteTime } from '#components/ui/relative-time.model.ts'

const never = () => () => {}
/** The server cannot know the reader's zone: the first drawing is in UTC, as its was. */
const useZone = () =>
  useSyncExternalStore(
    never,
    () => null,
    () => 'UTC',
  )

/** Who did what, day by day, the newest first; what stands behind a sentence opens below it. */
export function EntryList({ entries, onSubject }: { entries: readonly AuditEntry[]; onSubject: (subject: Subject) => void }) {
  const zone = useZone()
  return byDay(entries, zone).map(({ day, entries: ofDay }) => (
    <section key={day} className="flex flex-col gap-2">
      <h2 className="text-sm font-medium text-ink-quiet">{day}</h2>
      <ol className="divide-y divide-line overflow-clip rounded-lg border border-line bg-raised">
        {ofDay.map((entry) => (
          <li key={entry.seq}>
            <Entry entry={entry} zone={zone} onSubject={onSubject} />
          </li>
        ))}
      </ol>
    </section>
  ))
}

const timeOf = (at: string, zone: string | null) =>
  new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', ...(zone === null ? {} : { timeZone: zone }) })

type EntryProps = { entry: AuditEntry; zone: string | null; onSubject: (subject: Subject) => void }

function Entry({ entry, zone, onSubject }: EntryProps) {
  // Of many entries few are opened.
  const [isOpen, setOpen] = useState(false)
  return (
    <details className="group" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="touch-target flex cursor-pointer list-none items-start gap-3 px-4 py-3 outline-offset-[-2px] hover:bg-hover [&::-webkit-details-marker]:hidden">
        <Avatar name={entry.actorName} colourKey={entry.actorId ?? entry.actorName} size="sm" isDecorative />
        <span className="min-w-0 flex-1 break-words">
          <span className="font-medium">{entry.actorName}</span> <span className="text-ink-soft">{entry.sentence}</span>{' '}
          {entry.isOfInstance ? <Badge>Instance</Badge> : null}
        </span>
        <time
          dateTime={entry.at}
          title={absoluteTime(Date.parse(entry.at))}
          className="figures shrink-0 text-sm text-ink-quiet"
          suppressHydrationWarning
        >
          {timeOf(entry.at, zone)}
        </time>
        <ChevronRight aria-hidden className="mt-0.5 size-4 shrink-0 text-ink-quiet transition-transform group-open:rotate-90" />
      </summary>
      {isOpen ? <EntryDetails entry={entry} onSubject={() => onSubject(entry.subject)} /> : null}
    </details>
  )
}

function EntryDetails({ entry, onSubject }: { entry: AuditEntry; onSubject: () => void }) {
  const { seq, at, act, subject, facts, hash, actorId } = entry
  const lines: [string, string][] = [
    ['Entry', String(seq)],
    ['When', at],
    ['Act', act],
    ['Done to', `${subject.kind} ${subject.id}`],
    ...(actorId === null ? [] : [['Done by', actorId] as [string, string]]),
    ...factLines(facts),
  ]
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 border-t border-line bg-sunken px-4 py-3 text-sm sm:pl-13">
      {lines.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-ink-quiet">{name}</dt>
          <dd className="break-words">{value}</dd>
        </div>
      ))}
      <dt className="text-ink-quiet">Hash</dt>
      <dd className="flex min-w-0 items-center gap-1">
        <code className="truncate font-mono text-xs">{hash}</code>
        <CopyButton text={hash} label="Copy the hash" className="-my-1.5" />
      </dd>
      <dd className="col-span-2 pt-1">
        <Button size="sm" onClick={onSubject}>
          What else was done to this {subject.kind}
        </Button>
      </dd>
    </dl>
  )
}
