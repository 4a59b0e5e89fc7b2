'use client'

import { useQuery } from '@tanstack/react-query'
import { placesFor, type Place } from '#components/shell/places.ts'
import { useTRPC } from '#components/trpc/trpc.ts'

/** The rooms that are open to me. */
export function usePlaces(): readonly Place[] {
  const { data } = useQuery(useTRPC().me.get.queryOptions())
  return placesFor({ isAdmin: data?.team?.role === 'admin', isInstanceOwner: data?.user.isInstanceOwner ?? false })
}
