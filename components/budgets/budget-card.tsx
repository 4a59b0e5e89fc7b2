'use client'

import { Pencil, Trash2 } from 'lucide-react'
import { BudgetBar } from '#components/budgets/budget-bar.tsx'
import { ownerOf, periodWords, sayDollars, sayGone, scopeWords, stateLooks, type Budget } from '#components/budgets/budget.model.ts'
import { useRenewal } from '#components/budgets/use-renewal.ts'
import { Badge } from '#components/ui/badge.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { ToneIcon } from '#components/ui/notice.tsx'

/** One budget: whose, how much of it is gone, when it begins anew; for admins with what they can do. */
export function BudgetCard({ budget, acts }: { budget: Budget; acts: { onEdit: () => void; onRemove: () => void } | null }) {
  const look = stateLooks[budget.state]
  const renewal = useRenewal(budget)
  const name = `${ownerOf(budget)}, ${periodWords[budget.period].toLowerCase()}`
  return (
    <article aria-label={name} className="flex flex-col gap-2.5 px-4 py-3.5 sm:px-5">
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <h3 className="truncate font-medium" title={ownerOf(budget)}>
            {ownerOf(budget)}
          </h3>
          <p className="text-sm text-ink-quiet">
            {scopeWords[budget.scope.is]} · {periodWords[budget.period].toLowerCase()}
          </p>
        </div>
        <div className="flex shrink-0 items-center gap-1">
          <Badge tone={look.tone} icon={<ToneIcon tone={look.tone} />}>
            {look.word}
          </Badge>
          {acts ? (
            <>
              <IconButton label={`Change the budget: ${name}`} size="sm" onClick={acts.onEdit}>
                <Pencil aria-hidden />
              </IconButton>
              <IconButton label={`Remove the budget: ${name}`} size="sm" onClick={acts.onRemove}>
                <Trash2 aria-hidden />
              </IconButton>
            </>
          ) : null}
        </div>
      </div>
      <BudgetBar budget={budget} />
      <p className="figures flex flex-wrap justify-between gap-x-4 gap-y-0.5 text-sm">
        <span>
          {sayGone(budget)}
          {budget.reservedMicros > 0 ? (
            <span className="text-ink-quiet"> · {sayDollars(budget.reservedMicros)} held by requests under way</span>
          ) : null}
        </span>
        <span className="text-ink-quiet" suppressHydrationWarning>
          Begins anew {renewal}
        </span>
      </p>
    </article>
  )
}
