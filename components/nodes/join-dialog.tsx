'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { JoinCommand } from '#components/nodes/join-command.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'

/** A command that lets another machine join, once, within minutes. */
export function JoinDialog({ onClose }: { onClose: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const formId = useId()
  const [name, setName] = useState('')
  const nodes = useQuery(trpc.nodes.list.queryOptions())
  const [knownBefore] = useState(() => new Set(nodes.data?.map((node) => node.nodeId)))
  const create = useMutation({
    ...trpc.nodes.createJoinToken.mutationOptions(),
    onSuccess: () => queryClient.invalidateQueries(trpc.nodes.pathFilter()),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    create.mutate({ name: name.trim() })
  }
  if (create.data) {
    // Where the name was taken it gets a number; whoever came since is the one.
    const joined = nodes.data?.find((node) => !knownBefore.has(node.nodeId) && node.name.startsWith(name.trim()))
    return (
      <Dialog
        isOpen
        onClose={onClose}
        size="md"
        title={`Let ${name.trim()} join`}
        description="Run this in a checkout of Gatehouse on that machine. It makes a key there that never leaves it, and starts the node."
        footer={
          <Button variant="primary" onClick={onClose}>
            Done
          </Button>
        }
      >
        <JoinCommand {...create.data} name={joined?.name ?? name.trim()} hasJoined={joined !== undefined} />
      </Dialog>
    )
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title="Add a node"
      description="A Linux machine with Node 24, which can reach this server."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={formId} variant="primary" isBusy={create.isPending} isDisabled={!name.trim()}>
            Make the command
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4 pb-2">
        <Field label="Name" hint="How people will know this machine.">
          <Input
            required
            maxLength={100}
            autoFocus
            value={name}
            onChange={(event) => setName(event.target.value)}
            placeholder="build-box"
          />
        </Field>
        {create.error ? <FailureNotice error={create.error} /> : null}
      </form>
    </Dialog>
  )
}
