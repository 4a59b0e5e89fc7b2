'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ShieldAlert, ShieldCheck, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { HarnessRow } from '#components/nodes/harness-row.tsx'
import { type Node, sandboxWords } from '#components/nodes/node-words.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Badge } from '#components/ui/badge.tsx'
import { ConfirmDialog } from '#components/ui/dialog.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { formatBytes } from '#components/ui/numbers.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { toneText } from '#components/ui/tone.ts'

/** One machine: whether it is there, how it isolates agents, and which agents it can run. */
export function NodeCard({ node, mayManage }: { node: Node; mayManage: boolean }) {
  const [isRemoving, setRemoving] = useState(false)
  const sandbox = node.sandbox && sandboxWords[node.sandbox.level]
  const ShieldIcon = node.sandbox?.level === 'none' ? ShieldAlert : ShieldCheck
  return (
    <section aria-label={node.name} className="rounded-lg border border-line bg-raised">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-4 sm:px-5">
        <h2 className="text-lg font-semibold tracking-[-0.01em]">{node.name}</h2>
        {node.isOnline ? <Badge tone="good">Online</Badge> : <Badge tone="quiet">Offline</Badge>}
        {node.isLocal ? <Badge>This server</Badge> : null}
        {mayManage && !node.isLocal ? (
          <IconButton label={`Remove ${node.name}`} variant="danger" size="sm" className="ml-auto" onClick={() => setRemoving(true)}>
            <Trash2 aria-hidden />
          </IconButton>
        ) : null}
        <p className="figures w-full text-sm text-ink-quiet">
          {node.platform ? `${node.platform} · ` : null}
          {node.isOnline ? (
            [`${node.held} of ${node.capacity} agents at work`, node.rssBytes > 0 ? `${formatBytes(node.rssBytes)} of memory` : null]
              .filter(Boolean)
              .join(' · ')
          ) : node.lastSeenAt ? (
            <>
              last seen <RelativeTime at={node.lastSeenAt} />. Its chats go on by themselves once it is back.
            </>
          ) : (
            'has not connected yet'
          )}
        </p>
      </header>
      {node.sandbox && sandbox ? (
        <div className="flex gap-3 border-t border-line px-4 py-3 sm:px-5">
          <ShieldIcon aria-hidden className={`mt-0.5 size-4 shrink-0 ${toneText[sandbox.tone]}`} />
          <div className="min-w-0">
            <p>
              <span className={`font-medium ${toneText[sandbox.tone]}`}>{sandbox.word}.</span>{' '}
              <span className="text-ink-soft">{sandbox.text}</span>
            </p>
            {node.sandbox.reason ? <p className="mt-1 text-sm text-ink-quiet">{node.sandbox.reason}</p> : null}
          </div>
        </div>
      ) : null}
      <ul aria-label={`Coding agents on ${node.name}`} className="divide-y divide-line border-t border-line">
        {node.harnesses.map((harness) => (
          <HarnessRow key={harness.harness} nodeId={node.nodeId} harness={harness} mayInstall={mayManage && node.isOnline} />
        ))}
      </ul>
      {isRemoving ? <RemoveNode node={node} onClose={() => setRemoving(false)} /> : null}
    </section>
  )
}

function RemoveNode({ node, onClose }: { node: Node; onClose: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const remove = useMutation({
    ...trpc.nodes.remove.mutationOptions(),
    onSuccess: async () => {
      await queryClient.invalidateQueries(trpc.nodes.pathFilter())
      onClose()
    },
  })
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={`Remove ${node.name}?`}
      confirmLabel="Remove"
      isBusy={remove.isPending}
      onConfirm={() => remove.mutate({ nodeId: node.nodeId })}
    >
      <p>It can no longer connect. Agents that run on it stop, and the workspaces of its chats stay on that machine.</p>
      {remove.error ? <FailureNotice error={remove.error} /> : null}
    </ConfirmDialog>
  )
}
