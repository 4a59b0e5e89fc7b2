'use client'

import { CircleHelp } from 'lucide-react'
import { findHarness } from '#core/harnesses/registry.ts'
import type { Scope } from '#core/connections/connection.ts'
import { ConnectionLane } from '#components/connections/connection-lane.tsx'
import {
  type Attachment,
  type ConnectionRow,
  decidingLane,
  type Lane,
  lanesOf,
  type Rights,
  rowState,
} from '#components/connections/lanes.model.ts'
import { type FirstAct, firstAct, removalOf, removalWords } from '#components/connections/mending.model.ts'
import { Path } from '#components/connections/path.tsx'
import { scopeWords } from '#components/connections/scope-words.ts'
import { lookOf } from '#components/connections/state-words.tsx'
import { useLaneActs } from '#components/connections/use-lane-acts.ts'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { classNames } from '#components/ui/class-names.ts'

export type CardActs = {
  onConnect: (scope: Scope, replaces?: Attachment) => void
  onRemove: (lane: Lane & { attachment: Attachment }) => void
  onDisable: (lane: Lane & { attachment: Attachment }) => void
  onExplain: () => void
}

/** All about one harness's connection: its state, the one act that mends it, and its lanes in the order in which they are asked. */
export function ConnectionCard({
  row,
  projectId,
  rights,
  isAsked,
  ...acts
}: CardActs & {
  row: ConnectionRow
  projectId?: string
  rights: Rights
  /** A link led to this very harness. */
  isAsked: boolean
}) {
  const lanes = lanesOf(row, { isInProject: projectId !== undefined, rights })
  const deciding = decidingLane(lanes)
  const state = rowState(lanes)
  const act = firstAct(lanes)
  const { tone, word, Icon } = lookOf(state)

  return (
    <section
      aria-label={row.name}
      className={classNames('overflow-hidden rounded-lg border bg-raised', isAsked ? 'border-accent' : 'border-line')}
    >
      <header className="flex flex-wrap items-center gap-x-3 gap-y-2.5 px-4 py-3.5 sm:px-5">
        <div className="flex min-w-0 flex-1 basis-60 items-center gap-x-2.5">
          <h2 className="truncate text-lg font-semibold tracking-[-0.01em]">{row.name}</h2>
          <span className="truncate text-sm text-ink-quiet max-sm:hidden">{findHarness(row.harness)?.maker}</span>
          <Badge tone={tone} icon={<Icon aria-hidden />} className="max-sm:ml-auto">
            {state === 'inherits' && deciding ? `Inherits ${scopeWords[deciding.scope].whose}` : word}
          </Badge>
        </div>
        <FirstActs lanes={lanes} act={act} {...acts} />
      </header>
      {row.attachments.length === 0 ? null : (
        <Path className="border-t border-line bg-paper/60 px-4 pt-3.5 pb-2.5 sm:px-5">
          {lanes.map((lane, at) => (
            <ConnectionLane
              key={lane.scope}
              lane={lane}
              lanes={lanes}
              row={row}
              isLast={at === lanes.length - 1}
              isOffered={act?.is === 'connect' && act.scope === lane.scope}
              {...acts}
            />
          ))}
        </Path>
      )}
    </section>
  )
}

/** What a person most likely came for, and beside it what explains or avoids it. */
function FirstActs({ lanes, act, onConnect, onRemove, onExplain }: CardActs & { lanes: readonly Lane[]; act: FirstAct | null }) {
  const { setEnabled } = useLaneActs()
  const deciding = decidingLane(lanes)
  const removal = deciding && removalOf(lanes, deciding)
  return (
    <div className="flex flex-wrap items-center gap-1.5 max-sm:w-full max-sm:*:flex-1">
      {deciding ? (
        <Button variant="quiet" size="sm" icon={<CircleHelp aria-hidden />} onClick={onExplain}>
          Why this one?
        </Button>
      ) : null}
      {deciding?.mayChange && removal === 'resume-inheritance' ? (
        <Button size="sm" onClick={() => onRemove(deciding)}>
          {removalWords[removal].act}
        </Button>
      ) : null}
      {act?.is === 'ask' ? <span className="text-sm text-ink-soft">{`Ask ${act.name} to mend it.`}</span> : null}
      {act && act.is !== 'ask' ? (
        <Button
          variant={act.mends ? 'primary' : 'secondary'}
          size="sm"
          isBusy={setEnabled.isPending}
          onClick={() => {
            if (act.is === 'enable') setEnabled.mutate({ connectionId: act.attachment.connectionId, isEnabled: true })
            else onConnect(act.scope, act.is === 'replace' ? act.attachment : undefined)
          }}
        >
          {act.label}
        </Button>
      ) : null}
    </div>
  )
}
