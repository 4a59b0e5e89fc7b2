import { Hydrated } from '#app/hydrated.tsx'
import { openPage } from '#app/open-page.ts'
import { HomeScreen } from '#components/home/home-screen.tsx'

export default async function HomePage() {
  const { trpc, queryClient } = await openPage('/')
  await Promise.all([
    queryClient.prefetchQuery(trpc.connections.list.queryOptions({})),
    queryClient.prefetchQuery(trpc.nodes.list.queryOptions()),
  ])
  return (
    <Hydrated from={queryClient}>
      <HomeScreen />
    </Hydrated>
  )
}
