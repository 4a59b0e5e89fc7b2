import { dehydrate, HydrationBoundary, type QueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'

/** Hands what the page has read over to the browser's cache. */
export function Hydrated({ from, children }: { from: QueryClient; children: ReactNode }) {
  return <HydrationBoundary state={dehydrate(from)}>{children}</HydrationBoundary>
}
