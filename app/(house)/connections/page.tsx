import type { Metadata } from 'next'
import { Hydrated } from '#app/hydrated.tsx'
import { openPage } from '#app/open-page.ts'
import { ConnectionsScreen } from '#components/connections/connections-screen.tsx'

export const metadata: Metadata = { title: 'Connections' }

export default async function ConnectionsPage() {
  const { trpc, queryClient } = await openPage('/connections')
  await queryClient.prefetchQuery(trpc.connections.list.queryOptions({}))
  return (
    <Hydrated from={queryClient}>
      <ConnectionsScreen />
    </Hydrated>
  )
}
