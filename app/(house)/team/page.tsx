import type { Metadata } from 'next'
import { Hydrated } from '#app/hydrated.tsx'
import { openPage } from '#app/open-page.ts'
import { TeamScreen } from '#components/teams/team-screen.tsx'

export const metadata: Metadata = { title: 'Team' }

export default async function TeamPage() {
  const { trpc, queryClient } = await openPage('/team')
  await queryClient.prefetchQuery(trpc.team.get.queryOptions())
  return (
    <Hydrated from={queryClient}>
      <TeamScreen />
    </Hydrated>
  )
}
