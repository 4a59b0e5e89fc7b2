import type { Metadata } from 'next'
import { Hydrated } from '#app/hydrated.tsx'
import { openPage } from '#app/open-page.ts'
import { UsageScreen } from '#components/usage/usage-screen.tsx'

export const metadata: Metadata = { title: 'Usage' }

export default async function UsagePage() {
  const { trpc, queryClient } = await openPage('/usage')
  await queryClient.prefetchQuery(trpc.usage.summary.queryOptions({ days: 30 }))
  return (
    <Hydrated from={queryClient}>
      <UsageScreen />
    </Hydrated>
  )
}
