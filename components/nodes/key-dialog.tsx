'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { JoinCommand } from '#components/nodes/join-command.tsx'
import type { Node } from '#components/nodes/node-words.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { ConfirmDialog, Dialog } from '#components/ui/dialog.tsx'

/** Withdraws a node's key, and gives the command by which one machine gets it a new one. */
export function KeyDialog({ node, onClose }: { node: Node; onClose: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const renew = useMutation({
    ...trpc.nodes.renewKey.mutationOptions(),
    onSuccess: () => queryClient.invalidateQueries(trpc.nodes.pathFilter()),
  })
  if (renew.data) {
    return (
      <Dialog
        isOpen
        onClose={onClose}
        size="md"
        title={`A new key for ${node.name}`}
        description={`Run this on the machine that is to be ${node.name}. Every other copy of it is locked out already.`}
        footer={
          <Button variant="primary" onClick={onClose}>
            Done
          </Button>
        }
      >
        <JoinCommand {...renew.data} name={node.name} hasJoined={node.condition !== 'keyless'} />
      </Dialog>
    )
  }
  if (renew.isSuccess) {
    return (
      <Dialog
        isOpen
        onClose={onClose}
        title={`The key of ${node.name} is withdrawn`}
        footer={
          <Button variant="primary" onClick={onClose}>
            Done
          </Button>
        }
      >
        <p className="pb-2 text-base text-ink-soft">Start this server again: its node then makes a new key by itself.</p>
      </Dialog>
    )
  }
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={`Give ${node.name} a new key?`}
      confirmLabel="Withdraw the key"
      isBusy={renew.isPending}
      onConfirm={() => renew.mutate({ nodeId: node.nodeId })}
    >
      <p>
        Whoever speaks for it now is cut off at once, and agents that run on it stop. Its chats keep their workspaces there and go on once
        the machine has the new key.
      </p>
      {renew.error ? <FailureNotice error={renew.error} /> : null}
    </ConfirmDialog>
  )
}
