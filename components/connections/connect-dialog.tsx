'use client'

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Scope } from '#core/connections/connection.ts'
import { ConnectForm } from '#components/connections/connect-form.tsx'
import type { Attachment, ConnectionRow } from '#components/connections/lanes.model.ts'
import { LoginStored } from '#components/connections/login-stored.tsx'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Dialog } from '#components/ui/dialog.tsx'
import { Skeleton } from '#components/ui/skeleton.tsx'

export type ConnectProps = { harness: string; projectId?: string; scope?: Scope; replaces?: Attachment; onClose: () => void }

/** Connects a credential to a harness, in a scope. What is typed stays until it is connected or the dialog is closed. */
export function ConnectDialog(props: ConnectProps) {
  const { harness, projectId, onClose } = props
  const [login, setLogin] = useState<string | null>(null)
  const connections = useQuery(useTRPC().connections.list.queryOptions(projectId === undefined ? {} : { projectId }))
  const row = connections.data?.find((each) => each.harness === harness)
  if (row && login) return <LoginStored row={row} connectionId={login} onClose={onClose} />
  if (row) return <ConnectForm {...props} row={row} onLogin={setLogin} />
  return (
    <Dialog isOpen onClose={onClose} title="Connect">
      {connections.isError ? (
        <FailureNotice error={connections.error} onRetry={() => void connections.refetch()} />
      ) : (
        <Skeleton className="h-40" />
      )}
    </Dialog>
  )
}

/** Where and for what, as the whole form knows it. */
export type FormProps = ConnectProps & {
  row: ConnectionRow
  /** A login is stored: its account is shown before the dialog closes. */
  onLogin: (connectionId: string) => void
}
