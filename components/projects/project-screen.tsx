'use client'

import { useQuery } from '@tanstack/react-query'
import { ChartColumn, GitBranch } from 'lucide-react'
import { usePathname, useRouter, useSearchParams } from 'next/navigation'
import { ConnectionList } from '#components/connections/connection-list.tsx'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { ProjectChats } from '#components/projects/project-chats.tsx'
import { ProjectSettings } from '#components/projects/project-settings.tsx'
import { repositoryLabel } from '#components/projects/repository.ts'
import { TaskBoard } from '#components/tasks/task-board.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { ButtonLink } from '#components/ui/button.tsx'
import { PageBody, PageHeader } from '#components/ui/page-header.tsx'
import { Skeleton } from '#components/ui/skeleton.tsx'
import { Tabs } from '#components/ui/tabs.tsx'

const tabNames = ['chats', 'tasks', 'connections', 'settings'] as const
type TabName = (typeof tabNames)[number]

export function ProjectScreen({ projectId }: { projectId: string }) {
  const trpc = useTRPC()
  const router = useRouter()
  const pathname = usePathname()
  const search = useSearchParams()
  const project = useQuery(trpc.projects.get.queryOptions({ projectId }))
  const asked = search.get('tab')
  const tab: TabName = tabNames.find((each) => each === asked) ?? 'chats'

  if (project.isError) {
    return (
      <PageBody>
        <FailureNotice error={project.error} look="block" onRetry={() => void project.refetch()} />
      </PageBody>
    )
  }
  const { data } = project
  return (
    <PageBody>
      <PageHeader
        title={data ? data.name : <Skeleton className="h-9 w-64" />}
        lead={
          data?.repositoryUrl ? (
            <span className="inline-flex max-w-full items-center gap-1.5 text-base">
              <GitBranch aria-hidden className="size-4 shrink-0" />
              <span className="truncate font-mono text-sm">{repositoryLabel(data.repositoryUrl)}</span>
            </span>
          ) : undefined
        }
        actions={
          <ButtonLink href={`/usage?by=chat&project=${encodeURIComponent(projectId)}`} icon={<ChartColumn aria-hidden />}>
            Usage
          </ButtonLink>
        }
      />
      <Tabs<TabName>
        label="Project"
        value={tab}
        onChange={(next) => router.replace(next === 'chats' ? pathname : `${pathname}?tab=${next}`, { scroll: false })}
        panelClassName="pt-6"
        tabs={[
          { value: 'chats', label: 'Chats', panel: <ProjectChats projectId={projectId} /> },
          { value: 'tasks', label: 'Tasks', panel: <TaskBoard projectId={projectId} mayManage={data?.role === 'maintainer'} /> },
          { value: 'connections', label: 'Connections', panel: <ConnectionList projectId={projectId} /> },
          { value: 'settings', label: 'Settings', panel: data ? <ProjectSettings key={projectId} project={data} /> : null },
        ]}
      />
    </PageBody>
  )
}
