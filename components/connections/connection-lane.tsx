'use client'

import { ChevronDown, Plus } from 'lucide-react'
import { useId, useState } from 'react'
import { findHarness } from '#core/harnesses/registry.ts'
import type { CardActs } from '#components/connections/connection-card.tsx'
import { LaneDetails } from '#components/connections/lane-details.tsx'
import { LaneMenu } from '#components/connections/lane-menu.tsx'
import { type Attachment, type ConnectionRow, identityOf, type Lane } from '#components/connections/lanes.model.ts'
import { overrideLabel } from '#components/connections/mending.model.ts'
import { PathStep } from '#components/connections/path.tsx'
import { scopeWords } from '#components/connections/scope-words.ts'
import { StateWord } from '#components/connections/state-words.tsx'
import { useLaneActs } from '#components/connections/use-lane-acts.ts'
import { VerdictLine } from '#components/connections/verdict-line.tsx'
import { failureWords } from '#components/failures/sentences.ts'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { classNames } from '#components/ui/class-names.ts'
import { IconButton } from '#components/ui/icon-button.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'

type LaneProps = CardActs & {
  lane: Lane
  lanes: readonly Lane[]
  row: ConnectionRow
  isLast: boolean
  /** The head of the card offers to fill this lane already. */
  isOffered: boolean
}

/** One scope of one harness, a station on the path: what is attached there, whether it decides, and its controls. */
export function ConnectionLane(props: LaneProps) {
  const { lane, isLast } = props
  const { attachment, scope } = lane
  return (
    <PathStep state={lane.is} isLast={isLast} isTaken={lane.is === 'inherits'} label={scopeWords[scope].name}>
      {attachment ? <HeldLane {...props} attachment={attachment} /> : <EmptyLane {...props} />}
    </PathStep>
  )
}

/** On a phone the controls stand beside the name of the scope, so that the credential has the whole width below. */
const columns = 'grid grid-cols-[minmax(0,1fr)_auto] gap-x-3 sm:grid-cols-[7rem_minmax(0,1fr)_auto]'

function LaneName({ lane }: { lane: Lane }) {
  return (
    <div className="flex flex-wrap items-baseline gap-x-2 self-center sm:flex-col sm:self-start sm:pt-1">
      <h3 className="font-medium whitespace-nowrap">{scopeWords[lane.scope].name}</h3>
      <StateWord state={lane.is} />
    </div>
  )
}

function EmptyLane({ lane, isOffered, onConnect }: LaneProps) {
  return (
    <div className={classNames(columns, 'min-h-10')}>
      <LaneName lane={lane} />
      {lane.mayChange && !isOffered ? (
        <Button
          size="sm"
          variant="quiet"
          icon={<Plus aria-hidden />}
          className="sm:col-start-3 sm:self-center"
          onClick={() => onConnect(lane.scope)}
        >
          {overrideLabel(lane.scope)}
        </Button>
      ) : null}
    </div>
  )
}

function HeldLane({ lane, lanes, row, attachment, ...acts }: LaneProps & { attachment: Attachment }) {
  const [isOpen, setOpen] = useState(false)
  const detailsId = useId()
  const laneActs = useLaneActs()
  const { credential } = attachment
  return (
    <>
      <div className={columns}>
        <LaneName lane={lane} />
        <div className="min-w-0 max-sm:order-1 max-sm:col-span-2 sm:py-1">
          <HeldFacts lane={lane} row={row} attachment={attachment} isChecking={laneActs.validate.isPending} />
        </div>
        <div className="flex items-center gap-0.5 self-start max-sm:-my-1.5 max-sm:-mr-3 sm:pt-1">
          {lane.mayChange && lane.is !== 'passed-over' ? (
            <Button
              size="sm"
              variant="quiet"
              className="max-sm:hidden"
              isBusy={laneActs.validate.isPending}
              onClick={() => laneActs.validate.mutate({ connectionId: attachment.connectionId })}
            >
              Validate
            </Button>
          ) : null}
          <IconButton
            label={`${isOpen ? 'Hide' : 'Show'} details of ${credential.name}`}
            size="sm"
            aria-expanded={isOpen}
            aria-controls={detailsId}
            onClick={() => setOpen(!isOpen)}
          >
            <ChevronDown aria-hidden className={classNames('transition-transform', isOpen && 'rotate-180')} />
          </IconButton>
          {lane.mayChange ? <LaneMenu lane={{ ...lane, attachment }} lanes={lanes} acts={laneActs} {...acts} /> : null}
        </div>
      </div>
      <div id={detailsId} hidden={!isOpen}>
        {isOpen ? <LaneDetails attachment={attachment} /> : null}
      </div>
    </>
  )
}

/** Which one it is, what is wrong with it, and what was last found; by whom and since when only where it decides. */
function HeldFacts({
  lane,
  row,
  attachment,
  isChecking,
}: Pick<LaneProps, 'lane' | 'row'> & { attachment: Attachment; isChecking: boolean }) {
  const { credential, code } = attachment
  const isBehind = lane.is === 'passed-over'
  // Where nobody asks it, the last word on it is enough.
  const broken = code && code !== 'connection.disabled' && !(isBehind && attachment.verdict) ? (credential.brokenCode ?? code) : null
  return (
    <>
      <p className="flex min-w-0 flex-wrap items-baseline gap-x-2">
        <span className={classNames('truncate font-medium', isBehind && 'font-normal text-ink-soft')}>{credential.name}</span>
        <span className="truncate font-mono text-xs text-ink-quiet">{identityOf(attachment)}</span>
        {attachment.isShared ? <Badge tone="accent">Shared with the team</Badge> : null}
      </p>
      {broken ? (
        <p className="text-base text-bad-ink">
          {failureWords(broken, { harness: row.harness, harnessName: row.name, providerName: credential.providerName }).sentence}
        </p>
      ) : null}
      {attachment.heldOn && !isBehind ? <HeldOn {...attachment.heldOn} /> : null}
      <VerdictLine
        attachment={attachment}
        vendorName={findHarness(row.harness)?.maker ?? row.name}
        isChecking={isChecking}
        isQuiet={isBehind || (broken !== null && attachment.verdict?.is === 'accepted')}
      />
      {isBehind ? null : (
        <p className="text-sm text-ink-quiet">
          By {attachment.isMine ? 'you' : attachment.createdByName}, <RelativeTime at={attachment.createdAt} />
          {' · '}
          {attachment.lastUsedAt ? (
            <>
              last used <RelativeTime at={attachment.lastUsedAt} />
            </>
          ) : (
            'never used'
          )}
        </p>
      )}
    </>
  )
}

/** What others wait for, and how to go on without the machine when it does not come back. */
function HeldOn({ nodeName, since }: NonNullable<Attachment['heldOn']>) {
  return (
    <p className="text-base text-warn-ink">
      The newest of this login is on the machine {nodeName}, where a run ended <RelativeTime at={since} /> and could not hand it back yet.
      Other chats wait for that. If the machine is gone for good, replace the login or remove the machine.
    </p>
  )
}
