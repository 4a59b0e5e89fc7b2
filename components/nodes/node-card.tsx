'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { KeyRound, MoreHorizontal, PauseCircle, ShieldAlert, ShieldCheck, Tag, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { wordsOf } from '#components/failures/failure.ts'
import { HarnessRow } from '#components/nodes/harness-row.tsx'
import { KeyDialog } from '#components/nodes/key-dialog.tsx'
import { LabelsDialog } from '#components/nodes/labels-dialog.tsx'
import { NodeFacts } from '#components/nodes/node-facts.tsx'
import { adviceOf, conditionLooks, type Node, sandboxWords } from '#components/nodes/node-words.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { ConfirmDialog } from '#components/ui/dialog.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Menu, MenuItem, MenuSeparator } from '#components/ui/menu.tsx'
import { Notice } from '#components/ui/notice.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { toast } from '#components/ui/toast.tsx'
import { toneText } from '#components/ui/tone.ts'

type Asking = 'labels' | 'key' | 'remove' | null

/** One machine: how it stands, what it has, how it isolates agents, and which of them it can run. */
export function NodeCard({ node, mayManage }: { node: Node; mayManage: boolean }) {
  const [asking, setAsking] = useState<Asking>(null)
  const drain = useDraining(node)
  const look = conditionLooks[node.condition]
  const advice = adviceOf(node)
  const sandbox = node.sandbox && sandboxWords[node.sandbox.level]
  const ShieldIcon = node.sandbox?.level === 'none' ? ShieldAlert : ShieldCheck
  // Where nobody may speak for it, it has no work to drain.
  const mayDrain = !drain.isDraining && node.condition !== 'cloned' && node.condition !== 'keyless'
  const close = () => setAsking(null)
  return (
    <section aria-label={node.name} className="rounded-lg border border-line bg-raised">
      <header className="flex items-start gap-2 px-4 py-4 sm:px-5">
        <div className="min-w-0 flex-1">
          <div className="flex flex-wrap items-center gap-x-2.5 gap-y-1.5">
            <h2 className="min-w-0 text-lg font-semibold tracking-[-0.01em] break-words">{node.name}</h2>
            <Badge tone={look.tone}>{look.word}</Badge>
            {node.isLocal ? <Badge>This server</Badge> : null}
            {node.labels.map((label) => (
              <Badge key={label} icon={<Tag aria-hidden />} className="font-mono">
                {label}
              </Badge>
            ))}
          </div>
          <p className="figures mt-1 text-sm text-ink-quiet">
            {[node.platform, node.version && `Gatehouse ${node.version}`].filter(Boolean).join(' · ')}
            {node.isOnline ? null : (
              <>
                {node.platform ? ' · ' : null}
                {node.lastSeenAt ? (
                  <>
                    last seen <RelativeTime at={node.lastSeenAt} />
                  </>
                ) : (
                  'has not connected yet'
                )}
                {node.condition === 'offline' ? '. Its chats go on by themselves once it is back.' : null}
              </>
            )}
          </p>
        </div>
        {mayManage ? (
          <div className="flex shrink-0 items-center gap-1">
            {mayDrain ? (
              <Button
                size="sm"
                variant="quiet"
                icon={<PauseCircle aria-hidden />}
                isBusy={drain.isPending}
                onClick={() => drain.set(true)}
                className="max-sm:hidden"
              >
                Drain
              </Button>
            ) : null}
            <Menu
              trigger={
                <IconButton label={`Change ${node.name}`} size="sm">
                  <MoreHorizontal aria-hidden />
                </IconButton>
              }
            >
              <MenuItem icon={<Tag aria-hidden />} onSelect={() => setAsking('labels')}>
                Labels…
              </MenuItem>
              {mayDrain ? (
                <MenuItem icon={<PauseCircle aria-hidden />} onSelect={() => drain.set(true)}>
                  Drain
                </MenuItem>
              ) : null}
              <MenuItem icon={<KeyRound aria-hidden />} onSelect={() => setAsking('key')}>
                New key…
              </MenuItem>
              <MenuSeparator />
              <MenuItem
                icon={<Trash2 aria-hidden />}
                tone="bad"
                isDisabled={node.isLocal && node.isOnline}
                onSelect={() => setAsking('remove')}
              >
                Remove…
              </MenuItem>
            </Menu>
          </div>
        ) : null}
      </header>
      {advice ? (
        <div className="px-4 pb-4 sm:px-5">
          <Notice
            tone={advice.tone}
            className="py-2 text-sm"
            action={
              !mayManage || advice.act === null ? null : advice.act === 'undrain' ? (
                <Button size="sm" isBusy={drain.isPending} onClick={() => drain.set(false)}>
                  End the drain
                </Button>
              ) : (
                <Button size="sm" onClick={() => setAsking('key')}>
                  {node.condition === 'keyless' ? 'Make the command' : 'Give it a new key'}
                </Button>
              )
            }
          >
            {advice.text}
          </Notice>
        </div>
      ) : null}
      {node.isOnline ? <NodeFacts node={node} /> : null}
      {node.sandbox && sandbox ? (
        <div className="flex gap-3 border-t border-line px-4 py-3 sm:px-5">
          <ShieldIcon aria-hidden className={`mt-0.5 size-4 shrink-0 ${toneText[sandbox.tone]}`} />
          <div className="min-w-0">
            <p>
              <span className={`font-medium ${toneText[sandbox.tone]}`}>{sandbox.word}.</span>{' '}
              <span className="text-ink-soft">{sandbox.text}</span>
            </p>
            {node.sandbox.reason && node.condition !== 'no-sandbox' ? (
              <p className="mt-1 text-sm text-ink-quiet">{node.sandbox.reason}</p>
            ) : null}
          </div>
        </div>
      ) : null}
      {node.harnesses.length > 0 ? (
        <ul aria-label={`Coding agents on ${node.name}`} className="divide-y divide-line border-t border-line">
          {node.harnesses.map((harness) => (
            <HarnessRow key={harness.harness} nodeId={node.nodeId} harness={harness} mayInstall={mayManage && node.isOnline} />
          ))}
        </ul>
      ) : null}
      {asking === 'labels' ? <LabelsDialog node={node} onClose={close} /> : null}
      {asking === 'key' ? <KeyDialog node={node} onClose={close} /> : null}
      {asking === 'remove' ? <RemoveNode node={node} onClose={close} /> : null}
    </section>
  )
}

function useDraining({ nodeId, condition }: Node) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const { mutate, isPending } = useMutation({
    ...trpc.nodes.setDraining.mutationOptions(),
    onError: (error) => toast.error(wordsOf(error).sentence),
    onSettled: () => queryClient.invalidateQueries(trpc.nodes.pathFilter()),
  })
  const isDraining = condition === 'draining' || condition === 'drained'
  return { isDraining, isPending, set: (is: boolean) => mutate({ nodeId, isDraining: is }) }
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
