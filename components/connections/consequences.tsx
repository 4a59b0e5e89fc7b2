'use client'

import { useQuery } from '@tanstack/react-query'
import { Square } from 'lucide-react'
import type { ReactNode } from 'react'
import { afterwardsSentence } from '#components/connections/consequences.model.ts'
import { type Attachment, type ConnectionRow, identityOf } from '#components/connections/lanes.model.ts'
import { StateMark } from '#components/connections/state-words.tsx'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useTRPC, type Outputs } from '#components/trpc/trpc.ts'
import { Skeleton } from '#components/ui/skeleton.tsx'

type Preview = Outputs['connections']['preview']

/** What an act will stop, and what holds after it, as the server foresees it. */
export function Consequences({ row, attachment, act }: { row: ConnectionRow; attachment: Attachment; act: 'disconnect' | 'disable' }) {
  const { connectionId, scope } = attachment
  // Asked anew at each opening: chats start and stop meanwhile.
  const preview = useQuery({
    ...useTRPC().connections.preview.queryOptions({ connectionId, act }),
    staleTime: 0,
    gcTime: 0,
  })
  if (preview.isPending) return <Skeleton className="h-32" />
  if (preview.isError) return <FailureNotice error={preview.error} onRetry={() => void preview.refetch()} />
  const { stops, privateStops, elsewhere, afterwards } = preview.data
  return (
    <>
      <p>
        <span className="font-mono text-sm text-ink">{identityOf(attachment)}</span>{' '}
        {act === 'disable' ? 'stays stored, and nothing runs on it.' : fateOf(attachment)}
      </p>
      <dl className="divide-y divide-line rounded-lg border border-line bg-paper text-ink">
        <Consequence name="Stops now">
          <Stops stops={stops} privateStops={privateStops} elsewhere={elsewhere} />
        </Consequence>
        <Consequence name="Then">
          <span className="flex items-start gap-2">
            <StateMark state={afterwards.state} className="-my-0.5" />
            <span>{afterwardsSentence(afterwards, { harnessName: row.name, act, scope })}</span>
          </span>
        </Consequence>
      </dl>
    </>
  )
}

/** What becomes of the secret when its connection goes. */
const fateOf = ({ credential }: Attachment): string =>
  credential.isKept
    ? 'is taken away here. It stays stored under Advanced, since it was named there by hand.'
    : 'can be brought back for a minute; then it is destroyed, unless it is connected elsewhere too.'

function Consequence({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex gap-4 px-3.5 py-2.5">
      <dt className="w-20 shrink-0 text-ink-quiet">{name}</dt>
      <dd className="min-w-0 flex-1">{children}</dd>
    </div>
  )
}

const SHOWN = 5

function Stops({ stops, privateStops, elsewhere }: Pick<Preview, 'stops' | 'privateStops' | 'elsewhere'>) {
  if (stops.length + privateStops + elsewhere === 0) return 'No chat is running on it.'
  const hidden = stops.length - SHOWN
  return (
    <ul className="flex flex-col gap-1">
      {stops.slice(0, SHOWN).map((each) => (
        <li key={each.chatId} className="flex min-w-0 items-baseline gap-2">
          <Square aria-hidden className="size-2.5 shrink-0 fill-current text-bad-ink" />
          <span className="truncate">{each.title || 'A new chat'}</span>
          <span className="truncate text-sm text-ink-quiet">{each.projectName}</span>
        </li>
      ))}
      {hidden > 0 ? <li className="text-ink-soft">and {hidden} more</li> : null}
      {privateStops > 0 ? (
        <li className="text-ink-soft">{privateStops === 1 ? 'a private chat' : `${privateStops} private chats`}</li>
      ) : null}
      {elsewhere > 0 ? <li className="text-ink-soft">{elsewhere === 1 ? 'one chat' : `${elsewhere} chats`} of other teams</li> : null}
    </ul>
  )
}
