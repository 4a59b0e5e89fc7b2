'use client'

import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Scope } from '#core/connections/connection.ts'
import { isOver } from '#core/connections/sign-in.ts'
import { useTRPC, useTRPCClient } from '#components/trpc/trpc.ts'

const ASK_EVERY_MS = 2_000

type Attempt = { number: number; signInId: string | null; error: unknown }

/** Starts a sign-in with the screen that shows it, follows it, and gives it up when that screen goes. */
export function useGuidedSignIn({ harness, scope, projectId }: { harness: string; scope: Scope; projectId: string | undefined }) {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const [attempt, setAttempt] = useState<Attempt>({ number: 0, signInId: null, error: null })
  const { number, signInId, error } = attempt

  useEffect(() => {
    let isHere = true
    let started: string | null = null
    const cancel = (id: string) => void client.signIns.cancel.mutate({ signInId: id }).catch(() => {})
    client.signIns.start.mutate({ harness, scope, ...(scope === 'project' && { projectId }) }).then(
      (given) => {
        started = given.signInId
        if (isHere) setAttempt({ number, signInId: given.signInId, error: null })
        else cancel(given.signInId)
      },
      (failure: unknown) => {
        if (isHere) setAttempt({ number, signInId: null, error: failure })
      },
    )
    return () => {
      isHere = false
      // Without effect on what is over.
      if (started) cancel(started)
    }
  }, [client, harness, scope, projectId, number])

  const seen = useQuery({
    ...trpc.signIns.get.queryOptions({ signInId: signInId ?? '' }),
    enabled: signInId !== null,
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data && isOver(state.data.state) ? false : ASK_EVERY_MS),
    // Its person is at the vendor's page meanwhile; asking is also what keeps it alive.
    refetchIntervalInBackground: true,
  })
  return {
    /** Undefined until there is something to see. */
    signIn: seen.data,
    signInId,
    error: error ?? (seen.data ? null : seen.error),
    again: () => setAttempt({ number: number + 1, signInId: null, error: null }),
  }
}
