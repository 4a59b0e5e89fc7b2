import type { ReactNode } from 'react'
import { Hydrated } from '#app/hydrated.tsx'
import { openPage } from '#app/open-page.ts'
import { Shell } from '#components/shell/shell.tsx'

/** Everything behind the gate, in one frame. */
export default async function HouseLayout({ children }: { children: ReactNode }) {
  const { trpc, queryClient } = await openPage()
  await Promise.all([
    queryClient.prefetchQuery(trpc.projects.list.queryOptions()),
    queryClient.prefetchQuery(trpc.chats.list.queryOptions({})),
  ])
  return (
    <Hydrated from={queryClient}>
      <Shell>{children}</Shell>
    </Hydrated>
  )
}
