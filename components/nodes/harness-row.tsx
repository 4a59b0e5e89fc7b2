'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { wordsOf } from '#components/failures/failure.ts'
import { type HarnessOnNode, harnessLook, versionNote } from '#components/nodes/node-words.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Status } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { Progress } from '#components/ui/progress.tsx'
import { toast } from '#components/ui/toast.tsx'

/** One coding agent on one machine: its version, whether it is installed, and how far that is. */
export function HarnessRow({ nodeId, harness, mayInstall }: { nodeId: string; harness: HarnessOnNode; mayInstall: boolean }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const install = useMutation({
    ...trpc.nodes.installHarness.mutationOptions(),
    onError: (error) => toast.error(wordsOf(error).sentence),
    onSettled: () => queryClient.invalidateQueries(trpc.nodes.pathFilter()),
  })
  const look = harnessLook(harness)
  const note = versionNote(harness)
  return (
    <li className="px-4 py-3 sm:px-5">
      <div className="flex min-h-7 flex-wrap items-center gap-x-3 gap-y-1">
        <span className="font-medium">{harness.name}</span>
        <span className="font-mono text-xs text-ink-quiet">{harness.version}</span>
        {note ? <span className="min-w-0 text-xs text-ink-quiet">{note}</span> : null}
        <span className="ml-auto flex items-center gap-3">
          <Status tone={look.tone} isLive={harness.state === 'installing'} className="text-sm">
            {look.word}
          </Status>
          {look.act && mayInstall ? (
            <Button
              size="sm"
              icon={<Download aria-hidden />}
              isBusy={install.isPending}
              onClick={() => install.mutate({ nodeId, harness: harness.harness })}
            >
              {look.act}
            </Button>
          ) : null}
        </span>
      </div>
      {harness.state === 'installing' ? (
        <div className="mt-2">
          <Progress fraction={harness.fraction} label={`Installing ${harness.name}`} />
          {harness.detail ? <p className="mt-1 truncate text-xs text-ink-quiet">{harness.detail}</p> : null}
        </div>
      ) : null}
      {harness.state === 'failed' && harness.detail ? (
        <details className="mt-1 text-sm text-ink-soft">
          <summary className="touch-target w-fit rounded-xs">Details</summary>
          <pre className="thin-scroll mt-1 max-h-48 overflow-auto rounded-md bg-sunken p-3 font-mono text-xs whitespace-pre-wrap">
            {harness.detail}
          </pre>
        </details>
      ) : null}
    </li>
  )
}
