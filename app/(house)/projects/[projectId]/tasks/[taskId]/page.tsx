import type { Metadata } from 'next'
import { Hydrated } from '#app/hydrated.tsx'
import { anyPage, openPage } from '#app/open-page.ts'
import { TaskScreen } from '#components/tasks/task-screen.tsx'

type Props = { params: Promise<{ projectId: string; taskId: string }> }

const placeOf = async (params: Props['params']) => {
  const { projectId, taskId } = await params
  return { projectId: decodeURIComponent(projectId), taskId: decodeURIComponent(taskId) }
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const place = await placeOf(params)
  const { caller } = await anyPage()
  const task = await caller.tasks.get(place).catch(() => null)
  return { title: task?.title ?? 'Task' }
}

export default async function TaskPage({ params }: Props) {
  const place = await placeOf(params)
  const { trpc, queryClient } = await openPage(`/projects/${encodeURIComponent(place.projectId)}/tasks/${encodeURIComponent(place.taskId)}`)
  await queryClient.prefetchQuery(trpc.tasks.get.queryOptions(place))
  return (
    <Hydrated from={queryClient}>
      <TaskScreen {...place} />
    </Hydrated>
  )
}
