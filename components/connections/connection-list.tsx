'use client'

import { useQuery } from '@tanstack/react-query'
import { useSearchParams } from 'next/navigation'
import { useState } from 'react'
import type { Scope } from '#core/connections/connection.ts'
import { ConnectDialog } from '#components/connections/connect-dialog.tsx'
import { ConnectionCard } from '#components/connections/connection-card.tsx'
import { ExplainDialog } from '#components/connections/explain-dialog.tsx'
import { type Attachment, type ConnectionRow, type Lane, lanesOf } from '#components/connections/lanes.model.ts'
import { type Removal, removalOf } from '#components/connections/mending.model.ts'
import { DisableDialog, RemoveDialog } from '#components/connections/remove-dialog.tsx'
import { useRights } from '#components/connections/use-rights.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { SkeletonRows } from '#components/ui/skeleton.tsx'

type HeldLane = Lane & { attachment: Attachment }

/** Held as it was when it opened: the row under a dialog may change meanwhile. */
type Open =
  | { is: 'connect'; harness: string; scope?: Scope; replaces?: Attachment }
  | { is: 'remove'; row: ConnectionRow; lane: HeldLane; removal: Removal }
  | { is: 'disable'; row: ConnectionRow; lane: HeldLane }
  | { is: 'explain'; harness: string; name: string }

/** One card per harness. In a project, the project's own lane stands before mine and everybody's. */
export function ConnectionList({ projectId }: { projectId?: string }) {
  const rights = useRights(projectId)
  const asked = useSearchParams().get('harness')
  const [open, setOpen] = useState<Open | null>(null)
  const connections = useQuery(useTRPC().connections.list.queryOptions(projectId === undefined ? {} : { projectId }))
  const close = () => setOpen(null)
  const remove = (row: ConnectionRow, lane: HeldLane) => {
    const lanes = lanesOf(row, { isInProject: projectId !== undefined, rights })
    setOpen({ is: 'remove', row, lane, removal: removalOf(lanes, lane) })
  }

  if (connections.isPending) return <SkeletonRows rows={3} label="Loading connections" />
  if (connections.isError && !connections.data)
    return <FailureNotice error={connections.error} onRetry={() => void connections.refetch()} look="block" />
  return (
    <>
      {connections.isRefetchError ? (
        <FailureNotice error={connections.error} onRetry={() => void connections.refetch()} className="mb-4" />
      ) : null}
      <ul className="flex flex-col gap-4">
        {connections.data.map((row) => (
          <li key={row.harness}>
            <ConnectionCard
              row={row}
              projectId={projectId}
              rights={rights}
              isAsked={row.harness === asked}
              onConnect={(scope, replaces) => setOpen({ is: 'connect', harness: row.harness, scope, replaces })}
              onRemove={(lane) => remove(row, lane)}
              onDisable={(lane) => setOpen({ is: 'disable', row, lane })}
              onExplain={() => setOpen({ is: 'explain', harness: row.harness, name: row.name })}
            />
          </li>
        ))}
      </ul>
      {open?.is === 'connect' ? (
        <ConnectDialog harness={open.harness} projectId={projectId} scope={open.scope} replaces={open.replaces} onClose={close} />
      ) : null}
      {open?.is === 'remove' ? <RemoveDialog row={open.row} lane={open.lane} removal={open.removal} onClose={close} /> : null}
      {open?.is === 'disable' ? <DisableDialog row={open.row} lane={open.lane} onClose={close} /> : null}
      {open?.is === 'explain' ? <ExplainDialog harness={open.harness} name={open.name} projectId={projectId} onClose={close} /> : null}
    </>
  )
}
