'use client'

import { QueryClientProvider } from '@tanstack/react-query'
import { createTRPCClient, httpBatchLink } from '@trpc/client'
import { type ReactNode, useState } from 'react'
import type { AppRouter } from '#server/trpc/app-router.ts'
import { createQueryClient } from '#components/trpc/query-client.ts'
import { TRPCProvider } from '#components/trpc/trpc.ts'

/** Gives the screens below it their cache and their way to the server. */
export function ServerProvider({ children }: { children: ReactNode }) {
  const [queryClient] = useState(() => createQueryClient({ onSignedOut: leaveForSignIn }))
  // The server refuses batches above ten.
  const [client] = useState(() => createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: '/api/trpc', maxItems: 10 })] }))
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={client} queryClient={queryClient}>
        {children}
      </TRPCProvider>
    </QueryClientProvider>
  )
}

/** A session that ended elsewhere: a whole new page, so that nothing of the old one stays in memory. */
function leaveForSignIn(): void {
  const { pathname, search } = window.location
  if (pathname.startsWith('/sign-in') || pathname.startsWith('/setup') || pathname.startsWith('/invite')) return
  window.location.assign(`/sign-in?next=${encodeURIComponent(pathname + search)}`)
}
