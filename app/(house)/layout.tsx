import type { ReactNode } from 'react'
import { Hydrated } from '#app/hydrated.tsx'
import { anyPage } from '#app/open-page.ts'
import { NoTeam } from '#components/session/no-team.tsx'
import { Shell } from '#components/shell/shell.tsx'

/** Everything behind the gate, in one frame. Strangers get no frame: the page itself sends them to the gate, and knows where from. */
export default async function HouseLayout({ children }: { children: ReactNode }) {
  const { trpc, queryClient, me } = await anyPage()
  if (!me) return children
  if (!me.team) return <NoTeam name={me.user.name} />
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
