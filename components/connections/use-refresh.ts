'use client'

import { useQueryClient } from '@tanstack/react-query'
import { useTRPC } from '#components/trpc/trpc.ts'

/** Asks again for everything that depends on a connection: the rows, the models they open, and who pays for a chat. */
export function useRefresh(): () => Promise<void> {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  return async () => {
    await Promise.all([trpc.connections, trpc.models, trpc.chats].map((router) => queryClient.invalidateQueries(router.pathFilter())))
  }
}
