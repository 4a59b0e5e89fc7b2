'use client'

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { Budget } from '#components/budgets/budget.model.ts'
import { useTRPC } from '#components/trpc/trpc.ts'

const REFRESH_MS = 60_000

/** What a prompt of mine here would spend; asked again whenever `metered`, the count of metered requests, has moved. */
export function useApplyingBudgets({
  projectId,
  chatId,
  metered = 0,
}: {
  projectId: string
  chatId?: string
  metered?: number
}): readonly Budget[] {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const options = trpc.budgets.applying.queryOptions({ projectId, ...(chatId === undefined ? {} : { chatId }) })
  const { data } = useQuery({ ...options, refetchInterval: REFRESH_MS })
  useEffect(() => {
    if (metered > 0) void queryClient.invalidateQueries(trpc.budgets.pathFilter())
  }, [metered, queryClient, trpc])
  return data?.budgets ?? []
}
