'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import type { Scope } from '#core/connections/connection.ts'
import { connectInput, emptyFields, isComplete } from '#components/connections/connect-form.model.ts'
import { ConnectFieldset } from '#components/connections/connect-fieldset.tsx'
import { type Attachment, type ConnectionRow, lanesOf, likelyScope, maskOf } from '#components/connections/lanes.model.ts'
import { scopeWords } from '#components/connections/scope-words.ts'
import { useRights } from '#components/connections/use-rights.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { Notice } from '#components/ui/notice.tsx'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import { Skeleton } from '#components/ui/skeleton.tsx'
import { toast } from '#components/ui/toast.tsx'

type ConnectProps = { harness: string; projectId?: string; scope?: Scope; replaces?: Attachment; onClose: () => void }

/** Connects a credential to a harness, in a scope. What is typed stays until it is connected or the dialog is closed. */
export function ConnectDialog(props: ConnectProps) {
  const { harness, projectId } = props
  const connections = useQuery(useTRPC().connections.list.queryOptions(projectId === undefined ? {} : { projectId }))
  const row = connections.data?.find((each) => each.harness === harness)
  if (row) return <ConnectForm {...props} row={row} />
  return (
    <Dialog isOpen onClose={props.onClose} title="Connect">
      {connections.isError ? (
        <FailureNotice error={connections.error} onRetry={() => void connections.refetch()} />
      ) : (
        <Skeleton className="h-40" />
      )}
    </Dialog>
  )
}

function ConnectForm({ harness, projectId, scope: wishedScope, replaces, onClose, row }: ConnectProps & { row: ConnectionRow }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const formId = useId()
  const rights = useRights(projectId)
  const lanes = lanesOf(row, { isInProject: projectId !== undefined, rights }).filter((each) => each.mayChange)
  const [fields, setFields] = useState(() => emptyFields(row.accepts))
  const [chosenScope, setScope] = useState<Scope | null>(wishedScope ?? null)
  const scope = chosenScope ?? likelyScope(lanes)
  const connect = useMutation({
    ...trpc.connections.connect.mutationOptions(),
    onSuccess: async () => {
      await Promise.all([
        queryClient.invalidateQueries(trpc.connections.pathFilter()),
        queryClient.invalidateQueries(trpc.models.pathFilter()),
      ])
      toast.success(`${row.name} is connected`)
      onClose()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (scope && isComplete(fields))
      connect.mutate(connectInput(fields, { accepts: row.accepts, harness, scope, projectId: scope === 'project' ? projectId : undefined }))
  }

  return (
    <Dialog
      isOpen
      onClose={onClose}
      size="md"
      title={replaces ? `Replace the credential of ${row.name}` : `Connect ${row.name}`}
      description={
        replaces ? (
          <>
            {replaces.credential.name} <span className="font-mono text-sm">{maskOf(replaces.credential)}</span> is destroyed here once the
            new one is stored.
          </>
        ) : (
          'It is encrypted before it is stored, and never shown again.'
        )
      }
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={formId} variant="primary" isBusy={connect.isPending} isDisabled={!scope || !isComplete(fields)}>
            {replaces ? 'Replace' : 'Connect'}
          </Button>
        </>
      }
    >
      {lanes.length === 0 ? (
        <Notice tone="warn">Your role does not let you connect anything here. A team admin can change it.</Notice>
      ) : (
        <form id={formId} onSubmit={submit} className="flex flex-col gap-5 pb-2">
          <ConnectFieldset
            accepts={row.accepts}
            harnessName={row.name}
            fields={fields}
            onChange={(change) => setFields((before) => ({ ...before, ...change }))}
          />
          {replaces || lanes.length < 2 ? null : (
            <div className="flex flex-col gap-1.5">
              <span className="text-sm font-medium">Who uses it</span>
              <RadioCards<Scope>
                label="Who uses it"
                value={scope ?? 'user'}
                onChange={setScope}
                choices={lanes.map((lane) => ({
                  value: lane.scope,
                  label: scopeWords[lane.scope].name,
                  note: lane.attachment
                    ? `Replaces ${lane.attachment.credential.name} ${maskOf(lane.attachment.credential)}.`
                    : scopeWords[lane.scope].reach,
                }))}
              />
            </div>
          )}
          {connect.error ? <FailureNotice error={connect.error} place={{ projectId, harness }} /> : null}
        </form>
      )}
    </Dialog>
  )
}
