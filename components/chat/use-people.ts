'use client'

import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { useTRPC } from '#components/trpc/trpc.ts'

/** Names of everybody who may appear in a chat: its people, the team, and whoever is here now. */
export function usePeople(known: readonly { userId: string; name: string }[]): (userId: string) => string {
  const trpc = useTRPC()
  const team = useQuery(trpc.team.get.queryOptions(undefined, { staleTime: 60_000 }))
  const members = team.data?.members
  const names = useMemo(() => {
    const all = new Map<string, string>()
    for (const each of [...(members ?? []), ...known]) all.set(each.userId, each.name)
    return all
  }, [members, known])
  return useCallback((userId: string) => names.get(userId) ?? 'A former member', [names])
}
