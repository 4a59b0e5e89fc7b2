'use client'

import { useSuspenseQuery } from '@tanstack/react-query'
import type { Outputs } from '#components/trpc/trpc.ts'
import { useTRPC } from '#components/trpc/trpc.ts'

export type Me = Outputs['me']['get']

/** Who I am; every page of the house brings it along. */
export function useMe(): Me {
  return useSuspenseQuery(useTRPC().me.get.queryOptions()).data
}

/** What my role in the team lets me do; the server asks again at every call. */
export function useMay(): { manage: boolean; prompt: boolean; own: boolean } {
  const { user, team } = useMe()
  return { manage: team?.role === 'admin', prompt: team?.role === 'admin' || team?.role === 'member', own: user.isInstanceOwner }
}
