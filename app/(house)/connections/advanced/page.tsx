import type { Metadata } from 'next'
import { Hydrated } from '#app/hydrated.tsx'
import { openPage } from '#app/open-page.ts'
import { AdvancedScreen } from '#components/advanced/advanced-screen.tsx'
import { advancedPath } from '#components/advanced/primitive-path.ts'

export const metadata: Metadata = { title: 'Advanced' }

export default async function AdvancedPage() {
  const { trpc, queryClient } = await openPage(advancedPath)
  await Promise.all([
    queryClient.prefetchQuery(trpc.credentials.list.queryOptions()),
    queryClient.prefetchQuery(trpc.configurations.list.queryOptions()),
    queryClient.prefetchQuery(trpc.attachments.list.queryOptions()),
  ])
  return (
    <Hydrated from={queryClient}>
      <AdvancedScreen selected={null} />
    </Hydrated>
  )
}
