import type { BudgetState } from '#core/budgets/budget.ts'
import { barOf, stateLooks, type Budget } from '#components/budgets/budget.model.ts'
import { classNames } from '#components/ui/class-names.ts'

const fills: Readonly<Record<BudgetState, string>> = { ok: 'bg-accent', warned: 'bg-warn', exhausted: 'bg-bad' }

/** What is spent, then what requests under way hold, of the whole. The numbers stand beside it. */
export function BudgetBar({ budget, className }: { budget: Budget; className?: string }) {
  const { spent, reserved } = barOf(budget)
  return (
    <span
      aria-hidden
      title={stateLooks[budget.state].word}
      className={classNames('flex h-1.5 w-full overflow-hidden rounded-full bg-hover', className)}
    >
      <span className={fills[budget.state]} style={{ width: `${spent * 100}%` }} />
      <span className={classNames('opacity-40', fills[budget.state])} style={{ width: `${reserved * 100}%` }} />
    </span>
  )
}
