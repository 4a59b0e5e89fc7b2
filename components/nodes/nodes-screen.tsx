'use client'

import { useQuery } from '@tanstack/react-query'
import { Plus, Server } from 'lucide-react'
import { useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { JoinDialog } from '#components/nodes/join-dialog.tsx'
import { NodeCard } from '#components/nodes/node-card.tsx'
import { useMay } from '#components/session/use-me.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { PageBody, PageHeader } from '#components/ui/page-header.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'

const WHILE_INSTALLING_MS = 1_500
/** Load, memory and disk change by themselves. */
const OTHERWISE_MS = 15_000

export function NodesScreen() {
  const may = useMay()
  const [isJoining, setJoining] = useState(false)
  const nodes = useQuery({
    ...useTRPC().nodes.list.queryOptions(),
    // Hints come when a state changes; the bar in between is asked for.
    refetchInterval: ({ state }) =>
      state.data?.some((node) => node.harnesses.some((each) => each.state === 'installing')) ? WHILE_INSTALLING_MS : OTHERWISE_MS,
  })
  const add = (
    <Button variant="primary" icon={<Plus aria-hidden />} onClick={() => setJoining(true)}>
      Add a node
    </Button>
  )
  return (
    <PageBody>
      <PageHeader
        title="Nodes"
        lead="The machines on which agents run, each chat in a workspace of its own."
        actions={may.manage ? add : null}
      />
      {nodes.isPending ? <SkeletonRows rows={2} label="Loading nodes" /> : null}
      {nodes.isError ? <FailureNotice error={nodes.error} onRetry={() => void nodes.refetch()} look="block" /> : null}
      {nodes.data?.length === 0 ? (
        <EmptyState icon={<Server aria-hidden />} title="No node has joined yet" action={may.manage ? add : undefined}>
          The server starts one by itself; it appears here within seconds. Chats wait until there is one.
        </EmptyState>
      ) : null}
      {nodes.data?.map((node) => (
        <NodeCard key={node.nodeId} node={node} mayManage={may.manage} />
      ))}
      {isJoining ? <JoinDialog onClose={() => setJoining(false)} /> : null}
    </PageBody>
  )
}
