import type { Metadata } from 'next'
import { Hydrated } from '#app/hydrated.tsx'
import { openPage } from '#app/open-page.ts'
import { AuditScreen } from '#components/audit/audit-screen.tsx'

export const metadata: Metadata = { title: 'Audit' }

export default async function AuditPage() {
  const { trpc, queryClient } = await openPage('/audit')
  await queryClient.prefetchQuery(trpc.team.get.queryOptions())
  return (
    <Hydrated from={queryClient}>
      <AuditScreen />
    </Hydrated>
  )
}
