import type { Metadata } from 'next'
import { Hydrated } from '#app/hydrated.tsx'
import { openPage } from '#app/open-page.ts'
import { ModelsScreen } from '#components/models/models-screen.tsx'

export const metadata: Metadata = { title: 'Models' }

export default async function ModelsPage() {
  const { trpc, queryClient } = await openPage('/models')
  await Promise.all([
    queryClient.prefetchQuery(trpc.models.catalog.queryOptions()),
    queryClient.prefetchQuery(trpc.models.policy.queryOptions()),
  ])
  return (
    <Hydrated from={queryClient}>
      <ModelsScreen />
    </Hydrated>
  )
}
