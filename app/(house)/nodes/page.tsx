import type { Metadata } from 'next'
import { Hydrated } from '#app/hydrated.tsx'
import { openPage } from '#app/open-page.ts'
import { NodesScreen } from '#components/nodes/nodes-screen.tsx'

export const metadata: Metadata = { title: 'Nodes' }

export default async function NodesPage() {
  const { trpc, queryClient } = await openPage('/nodes')
  await queryClient.prefetchQuery(trpc.nodes.list.queryOptions())
  return (
    <Hydrated from={queryClient}>
      <NodesScreen />
    </Hydrated>
  )
}
