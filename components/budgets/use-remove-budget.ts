'use client'

import { useQueryClient } from '@tanstack/react-query'
import { inputOf, kindOf, ownerOf, type Budget } from '#components/budgets/budget.model.ts'
import { wordsOf } from '#components/failures/failure.ts'
import { useTRPC, useTRPCClient } from '#components/trpc/trpc.ts'
import { toast } from '#components/ui/toast.tsx'

/** Removes a budget at once; for a moment it can be brought back, with what was spent of it. */
export function useRemoveBudget(): (budget: Budget) => void {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const queryClient = useQueryClient()
  const refresh = () => queryClient.invalidateQueries(trpc.budgets.pathFilter())
  const attempt = async (act: () => Promise<unknown>) => {
    try {
      await act()
      return true
    } catch (error) {
      toast.error(wordsOf(error).sentence)
      return false
    } finally {
      await refresh()
    }
  }
  const remove = async (budget: Budget) => {
    const isDone = await attempt(() => client.budgets.remove.mutate({ budgetId: budget.budgetId }))
    if (!isDone) return
    toast(`The ${kindOf(budget)} is removed`, {
      description: `${ownerOf(budget)} may spend without this limit.`,
      duration: 12_000,
      action: { label: 'Undo', onClick: () => void attempt(() => client.budgets.set.mutate(inputOf(budget))) },
    })
  }
  return (budget) => void remove(budget)
}
