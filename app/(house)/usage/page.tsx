import type { Metadata } from 'next'
import { Hydrated } from '#app/hydrated.tsx'
import { openPage, serverDay } from '#app/open-page.ts'
import { readAddress, reportInput } from '#components/usage/address.model.ts'
import { UsageScreen } from '#components/usage/usage-screen.tsx'

export const metadata: Metadata = { title: 'Usage' }

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> }

export default async function UsagePage({ searchParams }: Props) {
  const asked = await searchParams
  const params = new URLSearchParams(Object.entries(asked).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])))
  const { trpc, queryClient } = await openPage(params.size > 0 ? `/usage?${params}` : '/usage')
  const today = serverDay()
  const address = readAddress(params)
  if (address.view === 'spending') await queryClient.prefetchQuery(trpc.usage.report.queryOptions(reportInput(address, today)))
  return (
    <Hydrated from={queryClient}>
      <UsageScreen today={today} />
    </Hydrated>
  )
}
