'use client'

import { CircleHelp, Plus } from 'lucide-react'
import { findHarness } from '#core/harnesses/registry.ts'
import type { Scope } from '#core/connections/connection.ts'
import { ConnectionLane } from '#components/connections/connection-lane.tsx'
import {
  type Attachment,
  type ConnectionRow,
  lanesOf,
  likelyScope,
  resolutionLook,
  type Rights,
} from '#components/connections/lanes.model.ts'
import { failureWords } from '#components/failures/sentences.ts'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { classNames } from '#components/ui/class-names.ts'
import { Notice } from '#components/ui/notice.tsx'

/** All about one harness's connection: its state, the lanes in order, and what can be done in each. */
export function ConnectionCard({
  row,
  projectId,
  rights,
  isAsked,
  onConnect,
  onDisconnect,
  onExplain,
}: {
  row: ConnectionRow
  projectId?: string
  rights: Rights
  /** A link led to this very harness. */
  isAsked: boolean
  onConnect: (scope: Scope, replaces?: Attachment) => void
  onDisconnect: (attachment: Attachment) => void
  onExplain: () => void
}) {
  const lanes = lanesOf(row, { isInProject: projectId !== undefined, rights })
  const { tone, word } = resolutionLook[row.resolution.state]
  const scope = likelyScope(lanes)
  const { state, code } = row.resolution

  return (
    <section aria-label={row.name} className={classNames('rounded-lg border bg-raised', isAsked ? 'border-accent' : 'border-line')}>
      <header className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-3 sm:px-5">
        <h2 className="text-md font-semibold">{row.name}</h2>
        <span className="text-sm text-ink-quiet max-sm:hidden">{findHarness(row.harness)?.maker}</span>
        {/* On a phone the line below says that nothing is connected. */}
        <Badge tone={tone} className={row.attachments.length === 0 ? 'max-sm:hidden' : undefined}>
          {word}
        </Badge>
        <span className="ml-auto flex items-center gap-1">
          <Button variant="quiet" size="sm" icon={<CircleHelp aria-hidden />} onClick={onExplain}>
            <span className="max-sm:sr-only">Why this one?</span>
          </Button>
          {state === 'missing' && scope ? (
            <Button variant="primary" size="sm" icon={<Plus aria-hidden />} onClick={() => onConnect(scope)}>
              Connect
            </Button>
          ) : null}
        </span>
      </header>
      {state !== 'missing' && state !== 'active' && code ? (
        <div className="px-4 pb-3 sm:px-5">
          <Notice tone={tone}>{failureWords(code, { harness: row.harness }).sentence}</Notice>
        </div>
      ) : null}
      {row.attachments.length === 0 ? (
        <p className="border-t border-line px-4 py-3 text-ink-quiet sm:px-5">
          {projectId === undefined
            ? 'Nothing is connected, neither by you nor for everybody.'
            : 'Nothing is connected: not for this project, not by you, not for everybody.'}
        </p>
      ) : (
        <ol
          className={classNames(
            'grid divide-y divide-line border-t border-line md:divide-x md:divide-y-0',
            lanes.length === 3 ? 'md:grid-cols-3' : 'md:grid-cols-2',
          )}
        >
          {lanes.map((lane) => (
            <ConnectionLane
              key={lane.scope}
              lane={lane}
              harnessName={row.name}
              onConnect={(replaces) => onConnect(lane.scope, replaces)}
              onDisconnect={onDisconnect}
            />
          ))}
        </ol>
      )}
    </section>
  )
}
