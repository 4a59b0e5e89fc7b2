'use client'

import { useQuery } from '@tanstack/react-query'
import { MessageSquare, Plus } from 'lucide-react'
import { useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { firstSteps, homeTitle } from '#components/home/checklist.model.ts'
import { FirstRun } from '#components/home/first-run.tsx'
import { ChatList } from '#components/projects/chat-list.tsx'
import { ProjectGrid } from '#components/projects/project-grid.tsx'
import { useMay } from '#components/session/use-me.ts'
import { forToday, localDay } from '#components/tasks/board.model.ts'
import { MyTasks } from '#components/tasks/my-tasks.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { ButtonLink } from '#components/ui/button.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { PageBody, PageHeader } from '#components/ui/page-header.tsx'
import { Section } from '#components/ui/section.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'

const RECENT = 6

export function HomeScreen() {
  const trpc = useTRPC()
  const may = useMay()
  const chats = useQuery(trpc.chats.list.queryOptions({}))
  const projects = useQuery(trpc.projects.list.queryOptions())
  const connections = useQuery(trpc.connections.list.queryOptions({}))
  const nodes = useQuery(trpc.nodes.list.queryOptions())

  const tasks = useQuery(trpc.tasks.assigned.queryOptions())
  const [today] = useState(() => localDay(new Date()))

  const mine = forToday(tasks.data ?? [], today)
  const all = chats.data ?? []
  const waiting = all.filter((each) => each.status === 'waiting' || each.status === 'failed')
  const recent = all.filter((each) => !waiting.includes(each)).slice(0, RECENT)
  const isKnown = chats.isSuccess && projects.isSuccess && connections.isSuccess && nodes.isSuccess
  const steps = isKnown
    ? firstSteps({ connections: connections.data, nodes: nodes.data, projectCount: projects.data.length, chatCount: all.length })
    : []

  return (
    <PageBody>
      <PageHeader
        title={steps.length > 0 && may.prompt ? 'Welcome to the gatehouse' : homeTitle(all, mine.now.length)}
        lead={steps.length > 0 && may.prompt ? 'Four steps, and an agent answers.' : undefined}
        actions={
          may.prompt ? (
            <ButtonLink href="/projects/new" icon={<Plus aria-hidden />}>
              New project
            </ButtonLink>
          ) : null
        }
      />
      {steps.length > 0 && may.prompt ? <FirstRun steps={steps} /> : null}
      {chats.isPending ? <SkeletonRows rows={4} label="Loading chats" /> : null}
      {chats.isError ? <FailureNotice error={chats.error} onRetry={() => void chats.refetch()} look="block" /> : null}
      {waiting.length > 0 ? (
        <Section title="Needs you">
          <ChatList chats={waiting} hasProject />
        </Section>
      ) : null}
      <MyTasks {...mine} />
      {tasks.isError ? <FailureNotice error={tasks.error} onRetry={() => void tasks.refetch()} /> : null}
      {recent.length > 0 ? (
        <Section title={waiting.length > 0 ? 'Other chats' : 'Recent chats'}>
          <ChatList chats={recent} hasProject />
        </Section>
      ) : null}
      {projects.data?.length ? (
        <Section title="Projects">
          <ProjectGrid projects={projects.data} />
        </Section>
      ) : null}
      {isKnown && projects.data.length === 0 && !may.prompt ? (
        <EmptyState icon={<MessageSquare aria-hidden />} title="Nothing to read yet">
          Projects and chats of your team will be listed here.
        </EmptyState>
      ) : null}
    </PageBody>
  )
}
