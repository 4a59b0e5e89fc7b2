/** One cache per browser tab, and one per request on the server; both behave the same. */
import { defaultShouldDehydrateQuery, MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { failureOf } from '#components/failures/failure.ts'

export function createQueryClient({ onSignedOut }: { onSignedOut?: () => void } = {}): QueryClient {
  const watch = (error: unknown) => {
    const failure = failureOf(error)
    if (failure.is === 'domain' && failure.code === 'session.missing') onSignedOut?.()
  }
  return new QueryClient({
    queryCache: new QueryCache({ onError: watch }),
    mutationCache: new MutationCache({ onError: watch }),
    defaultOptions: {
      queries: {
        // What the page brought along is not asked for again at once; hints tell what changed.
        staleTime: 20_000,
        // A failure with a code is the answer; only an unreachable server is worth another try.
        retry: (count, error) => failureOf(error).is === 'unreachable' && count < 3,
      },
      dehydrate: { shouldDehydrateQuery: (query) => defaultShouldDehydrateQuery(query) },
    },
  })
}
