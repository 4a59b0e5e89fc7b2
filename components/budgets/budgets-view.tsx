'use client'

import { useQuery } from '@tanstack/react-query'
import { Plus, Wallet } from 'lucide-react'
import { useState } from 'react'
import { BudgetCard } from '#components/budgets/budget-card.tsx'
import { BudgetDialog, type BudgetStart } from '#components/budgets/budget-dialog.tsx'
import { inOrder } from '#components/budgets/budget.model.ts'
import { useRemoveBudget } from '#components/budgets/use-remove-budget.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useMe } from '#components/session/use-me.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { Section } from '#components/ui/section.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'

/** What requests under way hold changes by itself. */
const REFRESH_MS = 30_000

/** Every budget that somebody sees; admins set them here. */
export function BudgetsView() {
  const { team } = useMe()
  const isAdmin = team?.role === 'admin'
  const budgets = useQuery({ ...useTRPC().budgets.list.queryOptions(), refetchInterval: REFRESH_MS })
  const [editing, setEditing] = useState<BudgetStart | null>(null)
  const remove = useRemoveBudget()
  const create = () => setEditing({ scope: null })
  const shown = inOrder(budgets.data?.budgets ?? [])
  return (
    <>
      {budgets.isPending ? <SkeletonRows rows={3} label="Loading budgets" /> : null}
      {budgets.isError && !budgets.data ? (
        <FailureNotice error={budgets.error} onRetry={() => void budgets.refetch()} look="block" />
      ) : null}
      {budgets.data && shown.length === 0 ? <NoBudgets onCreate={isAdmin ? create : null} /> : null}
      {shown.length > 0 ? (
        <Section
          title="Budgets"
          description="A request is refused when any budget that it would spend has nothing left. Each sets aside what requests under way may cost. Models without a price and agents’ own logins spend none."
          actions={
            isAdmin ? (
              <Button variant="primary" icon={<Plus aria-hidden />} onClick={create}>
                Set a budget
              </Button>
            ) : null
          }
        >
          <ul className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-raised">
            {shown.map((budget) => (
              <li key={budget.budgetId}>
                <BudgetCard
                  budget={budget}
                  acts={isAdmin ? { onEdit: () => setEditing({ budget }), onRemove: () => remove(budget) } : null}
                />
              </li>
            ))}
          </ul>
        </Section>
      ) : null}
      {editing ? <BudgetDialog start={editing} onClose={() => setEditing(null)} /> : null}
    </>
  )
}

function NoBudgets({ onCreate }: { onCreate: (() => void) | null }) {
  return (
    <EmptyState
      icon={<Wallet aria-hidden />}
      title="No budgets"
      action={
        onCreate ? (
          <Button variant="primary" icon={<Plus aria-hidden />} onClick={onCreate}>
            Set a budget
          </Button>
        ) : null
      }
    >
      Nothing limits what is spent. A budget holds the team, a project, a member or a chat to an amount for each day or month: from 80 % on
      people see it where they prompt, and at 100 % model requests are refused.{onCreate ? '' : ' A team admin can set one.'}
    </EmptyState>
  )
}
