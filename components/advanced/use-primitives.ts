'use client'

import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { Primitives } from '#components/advanced/primitives.model.ts'
import { useTRPC } from '#components/trpc/trpc.ts'

export type PrimitivesQuery = {
  data: Primitives | null
  /** Of the first list that failed; with `data` beside it, that is of before. */
  error: unknown
  refetch: () => void
}

/** The three lists, which make sense together only. */
export function usePrimitives(): PrimitivesQuery {
  const trpc = useTRPC()
  const credentials = useQuery(trpc.credentials.list.queryOptions())
  const configurations = useQuery(trpc.configurations.list.queryOptions())
  const attachments = useQuery(trpc.attachments.list.queryOptions())
  const isWhole = credentials.data && configurations.data && attachments.data
  return {
    data: isWhole ? { credentials: credentials.data, configurations: configurations.data, attachments: attachments.data } : null,
    error: credentials.error ?? configurations.error ?? attachments.error,
    refetch: () => void Promise.all([credentials.refetch(), configurations.refetch(), attachments.refetch()]),
  }
}

/** After any change: the lists, the connections that they make, and what those open. */
export function useRefreshPrimitives(): () => Promise<void> {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const routers = [trpc.credentials, trpc.configurations, trpc.attachments, trpc.connections, trpc.models, trpc.chats]
  return async () => {
    await Promise.all(routers.map((router) => queryClient.invalidateQueries(router.pathFilter())))
  }
}
