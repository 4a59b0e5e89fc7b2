'use client'

import Link from 'next/link'
import { BudgetBar } from '#components/budgets/budget-bar.tsx'
import { inOrder, ownerOf, sayDollars, sayGone, scopeWords, stateLooks, type Budget } from '#components/budgets/budget.model.ts'
import { BUDGETS_HREF } from '#components/budgets/raise-link.tsx'
import { Badge } from '#components/ui/badge.tsx'
import { ToneIcon } from '#components/ui/notice.tsx'

/** The budgets that a prompt here would spend, in few lines; nothing where there are none. */
export function ApplyingList({ budgets }: { budgets: readonly Budget[] }) {
  if (budgets.length === 0) return null
  return (
    <section aria-label="Budgets" className="flex flex-col gap-3">
      <h2 className="flex items-baseline justify-between gap-3 text-sm font-medium">
        Budgets
        <Link
          href={BUDGETS_HREF}
          className="touch-target font-normal text-ink-quiet underline decoration-line-strong underline-offset-4 hover:text-ink"
        >
          All budgets
        </Link>
      </h2>
      <ul className="flex flex-col gap-3">
        {inOrder(budgets).map((budget) => {
          const look = stateLooks[budget.state]
          return (
            <li key={budget.budgetId} className="flex flex-col gap-1.5 text-sm">
              <p className="flex min-w-0 items-center justify-between gap-3">
                <span className="min-w-0 truncate text-ink-quiet">
                  {budget.scope.is === 'member' || budget.scope.is === 'project' ? ownerOf(budget) : scopeWords[budget.scope.is]}
                </span>
                {budget.state === 'ok' ? null : (
                  <Badge tone={look.tone} icon={<ToneIcon tone={look.tone} />}>
                    {look.word}
                  </Badge>
                )}
              </p>
              <BudgetBar budget={budget} />
              <p className="figures text-xs text-ink-quiet">
                {sayGone(budget)}
                {budget.reservedMicros > 0 ? ` · ${sayDollars(budget.reservedMicros)} held` : ''}
              </p>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
