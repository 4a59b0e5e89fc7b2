'use client'

import { TriangleAlert } from 'lucide-react'
import Link from 'next/link'
import { kindOf, ownerOf, pressing, sayGone, type Budget } from '#components/budgets/budget.model.ts'
import { BUDGETS_HREF, RaiseLink } from '#components/budgets/raise-link.tsx'
import { useRenewal } from '#components/budgets/use-renewal.ts'
import { Notice } from '#components/ui/notice.tsx'

/** Where somebody prompts: nothing while there is room, a quiet line from four fifths on, a banner when nothing is left. */
export function BudgetNotice({ budgets }: { budgets: readonly Budget[] }) {
  const budget = pressing(budgets)
  if (!budget) return null
  return budget.state === 'exhausted' ? <SpentBanner budget={budget} /> : <WarningLine budget={budget} />
}

function WarningLine({ budget }: { budget: Budget }) {
  return (
    <p role="status" className="figures flex min-w-0 items-center gap-1.5 px-1 text-xs text-warn-ink">
      <TriangleAlert aria-hidden className="size-3.5 shrink-0" />
      <Link
        href={BUDGETS_HREF}
        className="touch-target inline-flex min-w-0 items-center underline decoration-current/30 underline-offset-4"
      >
        <span className="truncate">
          {sayGone(budget)} · {kindOf(budget)}
        </span>
      </Link>
    </p>
  )
}

function SpentBanner({ budget }: { budget: Budget }) {
  const renewal = useRenewal(budget)
  return (
    <div role="status">
      <Notice tone="bad" className="py-2 text-sm" action={<RaiseLink />}>
        <strong className="font-medium">
          The {kindOf(budget)}
          {budget.scope.is === 'team' ? '' : ` of ${ownerOf(budget)}`} is spent:
        </strong>{' '}
        <span className="figures">{sayGone(budget)}.</span> Model requests are refused until it begins anew {renewal}.
      </Notice>
    </div>
  )
}
