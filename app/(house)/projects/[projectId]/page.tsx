import type { Metadata } from 'next'
import { Hydrated } from '#app/hydrated.tsx'
import { anyPage, openPage } from '#app/open-page.ts'
import { ProjectScreen } from '#components/projects/project-screen.tsx'

type Props = { params: Promise<{ projectId: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const projectId = decodeURIComponent((await params).projectId)
  const { caller } = await anyPage()
  const project = await caller.projects.get({ projectId }).catch(() => null)
  return { title: project?.name ?? 'Project' }
}

export default async function ProjectPage({ params }: Props) {
  const projectId = decodeURIComponent((await params).projectId)
  const { trpc, queryClient } = await openPage(`/projects/${encodeURIComponent(projectId)}`)
  await Promise.all([
    queryClient.prefetchQuery(trpc.projects.get.queryOptions({ projectId })),
    queryClient.prefetchQuery(trpc.chats.list.queryOptions({ projectId })),
    queryClient.prefetchQuery(trpc.connections.list.queryOptions({ projectId })),
  ])
  return (
    <Hydrated from={queryClient}>
      <ProjectScreen projectId={projectId} />
    </Hydrated>
  )
}
