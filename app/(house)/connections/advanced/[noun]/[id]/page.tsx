import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { Hydrated } from '#app/hydrated.tsx'
import { openPage } from '#app/open-page.ts'
import { AdvancedScreen } from '#components/advanced/advanced-screen.tsx'
import { primitiveOf, primitivePath } from '#components/advanced/primitive-path.ts'

type Props = { params: Promise<{ noun: string; id: string }> }

export const metadata: Metadata = { title: 'Advanced' }

export default async function PrimitivePage({ params }: Props) {
  const { noun, id } = await params
  const selected = primitiveOf(noun, id)
  if (!selected) notFound()
  const { trpc, queryClient } = await openPage(primitivePath(selected))
  await Promise.all([
    queryClient.prefetchQuery(trpc.credentials.list.queryOptions()),
    queryClient.prefetchQuery(trpc.configurations.list.queryOptions()),
    queryClient.prefetchQuery(trpc.attachments.list.queryOptions()),
  ])
  return (
    <Hydrated from={queryClient}>
      <AdvancedScreen selected={selected} />
    </Hydrated>
  )
}
