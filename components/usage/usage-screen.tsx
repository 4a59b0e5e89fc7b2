'use client'

import { useQuery } from '@tanstack/react-query'
import { ChartColumn } from 'lucide-react'
import dynamic from 'next/dynamic'
import { useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { RankedList } from '#components/usage/ranked-list.tsx'
import { UsageRecords } from '#components/usage/usage-records.tsx'
import { UsageTotals } from '#components/usage/usage-totals.tsx'
import { dayPoints, ranked } from '#components/usage/usage.model.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { PageBody, PageHeader } from '#components/ui/page-header.tsx'
import { Card, Section } from '#components/ui/section.tsx'
import { Select } from '#components/ui/select.tsx'
import { Skeleton, SkeletonRows } from '#components/ui/skeleton.tsx'
import { providerName } from '#core/providers/presets.ts'

/** Charts weigh more than the rest of the page, so they come after it. */
const DayChart = dynamic(() => import('#components/usage/day-chart.tsx').then((file) => file.DayChart), {
  ssr: false,
  loading: () => <Skeleton className="h-56" />,
})

const spans = [
  { value: '7', label: 'Last 7 days' },
  { value: '30', label: 'Last 30 days' },
  { value: '90', label: 'Last 90 days' },
] as const
/** No project has this id. */
const EVERY = '*'
type Span = (typeof spans)[number]['value']

export function UsageScreen() {
  const trpc = useTRPC()
  const [span, setSpan] = useState<Span>('30')
  const [projectId, setProjectId] = useState(EVERY)
  const projects = useQuery(trpc.projects.list.queryOptions())
  const summary = useQuery({
    ...trpc.usage.summary.queryOptions({ days: Number(span), ...(projectId === EVERY ? {} : { projectId }) }),
    placeholderData: (before) => before,
  })
  const { data } = summary
  const isEmpty = data?.totals.requests === 0 && data.totals.subscriptionTurns === 0

  return (
    <PageBody>
      <PageHeader
        title="Usage"
        lead="Every model request that went through the proxy, as the providers counted it, and every turn on a login, as its agent counted it."
        actions={
          <>
            {projects.data?.length ? (
              <Select
                label="Project"
                className="w-44"
                value={projectId}
                onChange={setProjectId}
                choices={[
                  { value: EVERY, label: 'All projects' },
                  ...projects.data.map((each) => ({ value: each.projectId, label: each.name })),
                ]}
              />
            ) : null}
            <Select<Span> label="Time" className="w-36" value={span} onChange={setSpan} choices={spans} />
          </>
        }
      />
      {summary.isPending ? <SkeletonRows rows={4} label="Loading usage" /> : null}
      {summary.isError ? <FailureNotice error={summary.error} onRetry={() => void summary.refetch()} look="block" /> : null}
      {isEmpty ? (
        <EmptyState icon={<ChartColumn aria-hidden />} title="Nothing was metered in this time">
          As soon as an agent asks a model through the proxy, its tokens and cost stand here. A turn on an agent’s own login is listed with
          its tokens and without a price, since its subscription pays for it.
        </EmptyState>
      ) : null}
      {data && !isEmpty ? (
        <>
          <UsageTotals totals={data.totals} />
          <Section title="By day">
            <Card className="p-4 pl-1">
              <DayChart
                points={dayPoints(data.byDay, { days: Number(span), today: new Date(summary.dataUpdatedAt).toISOString().slice(0, 10) })}
              />
            </Card>
          </Section>
          <div className="grid gap-8 lg:grid-cols-3">
            <RankedList
              title="By model"
              rows={ranked(data.byModel, ({ isSeen, model, provider }) => ({
                key: `${isSeen} ${provider} ${model}`,
                name: isSeen ? (model ?? 'Unknown model') : 'In private chats',
                note: providerName(provider),
              }))}
            />
            <RankedList
              title="By member"
              rows={ranked(data.byMember, ({ isSeen, userId, name }) => ({
                key: `${isSeen} ${userId}`,
                name: isSeen ? (name ?? 'Former members') : 'In private chats',
              }))}
            />
            <RankedList
              title="By project"
              rows={ranked(data.byProject, ({ projectId: key, name }) => ({ key, name: name ?? 'A removed project' }))}
            />
          </div>
          <UsageRecords projectId={projectId === EVERY ? undefined : projectId} />
        </>
      ) : null}
    </PageBody>
  )
}
