'use client'

import { usePathname, useSearchParams } from 'next/navigation'
import { useCallback, useMemo } from 'react'
import { readAddress, writeAddress, type UsageAddress } from '#components/usage/address.model.ts'

/**
 * What the page shows, which its address says. Changes go there without asking the server for the page again; `go` leaves
 * a step to go back to, `adjust` does not.
 */
export function useUsageAddress(): {
  address: UsageAddress
  go: (next: UsageAddress) => void
  adjust: (part: Partial<UsageAddress>) => void
} {
  const search = useSearchParams()
  const pathname = usePathname()
  const address = useMemo(() => readAddress(search), [search])
  const href = useCallback(
    (next: UsageAddress) => {
      const query = writeAddress(next)
      return query === '' ? pathname : `${pathname}?${query}`
    },
    [pathname],
  )
  const go = useCallback((next: UsageAddress) => window.history.pushState(null, '', href(next)), [href])
  const adjust = useCallback(
    (part: Partial<UsageAddress>) => window.history.replaceState(null, '', href({ ...address, ...part })),
    [address, href],
  )
  return { address, go, adjust }
}
