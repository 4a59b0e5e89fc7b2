'use client'

import { useInfiniteQuery } from '@tanstack/react-query'
import { useTRPC, useTRPCClient, type Outputs } from '#components/trpc/trpc.ts'

export type AuditEntry = Outputs['audit']['list']['entries'][number]
export type EntryFilter = { act?: string; actorId?: string; subject?: string }

const PAGE = 50

/** The newest entries that fit, and older ones on demand. */
export function useEntries(filter: EntryFilter) {
  const client = useTRPCClient()
  const { queryKey } = useTRPC().audit.list.queryOptions({ ...filter, limit: PAGE })
  return useInfiniteQuery({
    queryKey: [...queryKey, 'pages'],
    initialPageParam: null as number | null,
    queryFn: ({ pageParam, signal }) =>
      client.audit.list.query({ ...filter, limit: PAGE, ...(pageParam === null ? {} : { before: pageParam }) }, { signal }),
    getNextPageParam: (last) => last.nextBefore,
    placeholderData: (before) => before,
  })
}
