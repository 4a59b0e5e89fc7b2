'use client'

import { useQuery } from '@tanstack/react-query'
import { CircleDollarSign } from 'lucide-react'
import { useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { PolicyDialog } from '#components/models/policy-dialog.tsx'
import { useTRPC, type Outputs } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { formatCount } from '#components/ui/numbers.ts'
import { Skeleton } from '#components/ui/skeleton.tsx'

/** What becomes of a model that nobody has priced, in a sentence; admins change it. */
export function UnpricedPolicy({ mayChange }: { mayChange: boolean }) {
  const [isChanging, setChanging] = useState(false)
  const policy = useQuery(useTRPC().models.policy.queryOptions())
  if (policy.isPending) return <Skeleton className="h-16 rounded-lg" />
  if (policy.isError) return <FailureNotice error={policy.error} onRetry={() => void policy.refetch()} />
  return (
    <section
      aria-label="Models without a price"
      className="flex flex-wrap items-center gap-x-4 gap-y-3 rounded-lg border border-line bg-raised px-4 py-3"
    >
      <CircleDollarSign aria-hidden className="size-5 shrink-0 stroke-[1.5] text-ink-quiet" />
      <div className="min-w-0 flex-1 basis-56">
        <h2 className="font-medium">Models without a price</h2>
        <p className="text-sm text-ink-soft">{inWords(policy.data)}</p>
      </div>
      {mayChange ? <Button onClick={() => setChanging(true)}>Change…</Button> : null}
      {isChanging ? <PolicyDialog policy={policy.data} onClose={() => setChanging(false)} /> : null}
    </section>
  )
}

const inWords = (policy: Outputs['models']['policy']): string =>
  policy.unpriced === 'refuse'
    ? 'Refused: an admin sets a price first.'
    : `Allowed up to ${formatCount(policy.dailyTokens)} tokens a day, all of them together.`
