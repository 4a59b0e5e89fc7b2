'use client'

import { useQuery } from '@tanstack/react-query'
import { Check, CircleSlash, CornerDownRight } from 'lucide-react'
import { scopeWords } from '#components/connections/scope-words.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { failureWords } from '#components/failures/sentences.ts'
import { useTRPC, type Outputs } from '#components/trpc/trpc.ts'
import { Dialog } from '#components/ui/dialog.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'

type Step = Outputs['connections']['explain']['trace'][number]

/** "Why this one?": each scope that was asked, in order, and what it answered. */
export function ExplainDialog({
  harness,
  name,
  projectId,
  onClose,
}: {
  harness: string
  name: string
  projectId?: string
  onClose: () => void
}) {
  const explanation = useQuery(useTRPC().connections.explain.queryOptions(projectId === undefined ? { harness } : { harness, projectId }))
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={`Why this one, for ${name}?`}
      description="The nearest scope decides. One that is switched off or broken still decides: nothing falls through to a credential that nobody chose."
    >
      {explanation.isPending ? <SkeletonRows rows={3} label="Asking" /> : null}
      {explanation.isError ? <FailureNotice error={explanation.error} onRetry={() => void explanation.refetch()} /> : null}
      {explanation.data ? (
        <ol className="flex flex-col gap-2 pb-3">
          {explanation.data.trace.map((step) => (
            <TraceStep key={step.scope} step={step} harness={harness} />
          ))}
        </ol>
      ) : null}
    </Dialog>
  )
}

function TraceStep({ step, harness }: { step: Step; harness: string }) {
  const { verdict } = step
  const [Icon, look, text] =
    verdict === 'used'
      ? ([Check, 'text-good-ink', `“${step.credentialName ?? 'This one'}” is used.`] as const)
      : verdict === 'inherit'
        ? ([CornerDownRight, 'text-ink-quiet', 'Nothing is attached here, so the next scope is asked.'] as const)
        : ([CircleSlash, 'text-warn-ink', failureWords(verdict, { harness }).sentence] as const)
  return (
    <li className="flex gap-3 rounded-md border border-line px-3 py-2.5">
      <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${look}`} />
      <div className="min-w-0">
        <p className="text-sm text-ink-quiet">{scopeWords[step.scope].name}</p>
        <p>{text}</p>
      </div>
    </li>
  )
}
