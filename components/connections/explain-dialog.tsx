'use client'

import { useQuery } from '@tanstack/react-query'
import type { LaneState } from '#components/connections/lanes.model.ts'
import { Path, PathStep } from '#components/connections/path.tsx'
import { scopeWords } from '#components/connections/scope-words.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { failureWords } from '#components/failures/sentences.ts'
import { useTRPC, type Outputs } from '#components/trpc/trpc.ts'
import { Dialog } from '#components/ui/dialog.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'

type Explanation = Outputs['connections']['explain']
type Step = Explanation['trace'][number]

/** "Why this one?": the path from the nearest scope to the one that decides, and what each said. */
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
      description="The nearest that holds anything decides. Disabled or broken, it still decides: nobody’s credential is spent unasked."
    >
      {explanation.isPending ? <SkeletonRows rows={3} label="Asking" /> : null}
      {explanation.isError ? <FailureNotice error={explanation.error} onRetry={() => void explanation.refetch()} /> : null}
      {explanation.data ? <Trace trace={explanation.data.trace} harness={harness} isInProject={projectId !== undefined} /> : null}
    </Dialog>
  )
}

function Trace({ trace, harness, isInProject }: { trace: readonly Step[]; harness: string; isInProject: boolean }) {
  const scopes = isInProject ? (['project', 'user', 'platform'] as const) : (['user', 'platform'] as const)
  return (
    <Path>
      {scopes.map((scope, at) => {
        const step = trace.find((each) => each.scope === scope)
        return (
          <PathStep
            key={scope}
            state={step ? stateOf(step) : 'passed-over'}
            isLast={at === scopes.length - 1}
            isTaken={step?.verdict === 'inherit'}
          >
            <h3 className="text-sm text-ink-quiet">{scopeWords[scope].name}</h3>
            <p className={step ? undefined : 'text-ink-quiet'}>{step ? sentenceOf(step, harness) : 'Not asked.'}</p>
          </PathStep>
        )
      })}
    </Path>
  )
}

function stateOf({ verdict }: Step): LaneState {
  if (verdict === 'used') return 'active'
  if (verdict === 'inherit') return 'inherits'
  return verdict === 'connection.disabled' ? 'disabled' : 'broken'
}

function sentenceOf({ scope, verdict, credentialName }: Step, harness: string): string {
  if (verdict === 'used') return `${credentialName ?? 'This one'} is used.`
  if (verdict === 'inherit') return scope === 'platform' ? 'Holds nothing.' : 'Holds nothing, so the next is asked.'
  return `${credentialName ? `${credentialName} decides. ` : ''}${failureWords(verdict, { harness }).sentence}`
}
