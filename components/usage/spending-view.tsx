'use client'

import { useQuery } from '@tanstack/react-query'
import { ChartColumn } from 'lucide-react'
import { spanOf } from '#core/usage/span.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { narrowed, reportInput, sayBefore, type UsageAddress } from '#components/usage/address.model.ts'
import { BreakdownTable } from '#components/usage/breakdown-table.tsx'
import { ChartPanel } from '#components/usage/chart-panel.tsx'
import { FilterBar } from '#components/usage/filter-bar.tsx'
import { measureOf } from '#components/usage/report.model.ts'
import { UsageTotals } from '#components/usage/usage-totals.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'

export type ViewProps = {
  address: UsageAddress
  today: string
  go: (next: UsageAddress) => void
  adjust: (part: Partial<UsageAddress>) => void
}

/** What was spent, when, and on what. */
export function SpendingView({ address, today, go, adjust }: ViewProps) {
  const report = useQuery({ ...useTRPC().usage.report.queryOptions(reportInput(address, today)), placeholderData: (before) => before })
  const { data } = report
  const isEmpty = data !== undefined && data.rowCount === 0
  const measure = data ? measureOf(address.measure, data.totals) : 'cost'
  return (
    <div aria-busy={report.isPlaceholderData} className="flex flex-col gap-6 transition-opacity aria-busy:opacity-60">
      <FilterBar address={address} names={data?.names ?? {}} onChange={go} />
      {report.isPending ? <SkeletonRows rows={5} label="Loading usage" /> : null}
      {report.isError ? <FailureNotice error={report.error} onRetry={() => void report.refetch()} look="block" /> : null}
      {isEmpty ? <NothingUsed address={address} go={go} /> : null}
      {data && !isEmpty ? (
        <>
          <UsageTotals totals={data.totals} before={data.totalsBefore} beforeWords={sayBefore(address.span, today)} />
          <ChartPanel
            report={data}
            span={spanOf(address.span, today)}
            stack={address.stack}
            measure={measure}
            onStack={(stack) => adjust({ stack })}
            onMeasure={(next) => adjust({ measure: next })}
          />
          <BreakdownTable
            report={data}
            by={address.by}
            measure={measure}
            sort={address.sort}
            onBy={(by) => adjust({ by, sort: null })}
            onSort={(sort) => adjust({ sort })}
            onNarrow={(key) => go(narrowed(address, key))}
          />
        </>
      ) : null}
    </div>
  )
}

/** Nothing in this time, or nothing of what it is narrowed to. */
export function NothingUsed({ address, go }: Pick<ViewProps, 'address' | 'go'>) {
  if (Object.keys(address.filter).length > 0) {
    return (
      <EmptyState
        icon={<ChartColumn aria-hidden />}
        title="Nothing of this in this time"
        action={
          <Button size="sm" onClick={() => go({ ...address, filter: {} })}>
            Show everything
          </Button>
        }
      >
        What is chosen above used nothing in these days.
      </EmptyState>
    )
  }
  return (
    <EmptyState icon={<ChartColumn aria-hidden />} title="Nothing was metered in this time">
      As soon as an agent asks a model through the proxy, its tokens and cost stand here. A turn on an agent’s own login is listed with its
      tokens and without a price, since its subscription pays for it.
    </EmptyState>
  )
}
