'use client'

import dynamic from 'next/dynamic'
import { useState } from 'react'
import { filterable, type Filterable } from '#core/usage/dimensions.ts'
import type { Span } from '#core/usage/span.ts'
import { sayDayOf, type Measure } from '#components/usage/address.model.ts'
import { chartOf, dimensionWords, type Point, type Report, type Series } from '#components/usage/report.model.ts'
import { seriesColour } from '#components/usage/series-colour.ts'
import { formatMoney, formatMoneyShort, formatShort } from '#components/ui/numbers.ts'
import { Card } from '#components/ui/section.tsx'
import { Segmented } from '#components/ui/segmented.tsx'
import { Select } from '#components/ui/select.tsx'
import { Skeleton } from '#components/ui/skeleton.tsx'
import { Table } from '#components/ui/table.tsx'

/** Charts weigh more than the rest of the page, so they come after it, into a place of the same size. */
const StackedChart = dynamic(() => import('#components/usage/stacked-chart.tsx').then((file) => file.StackedChart), {
  ssr: false,
  loading: () => <Skeleton className="h-full rounded-md" />,
})

const measures = [
  { value: 'cost', label: 'Cost' },
  { value: 'tokens', label: 'Tokens' },
] as const

type Props = {
  report: Report
  span: Span
  stack: Filterable
  measure: Measure
  onStack: (stack: Filterable) => void
  onMeasure: (measure: Measure) => void
}

/** Day by day, stacked by what somebody chooses. */
export function ChartPanel({ report, span, stack, measure, onStack, onMeasure }: Props) {
  // Of many who look at the chart few open the table.
  const [isOpen, setOpen] = useState(false)
  const { series, points } = chartOf(report, { stack, measure, span })
  const format = measure === 'cost' ? formatMoney : formatShort
  return (
    <Card className="p-4 sm:p-5">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 className="text-lg font-semibold tracking-[-0.01em]">Day by day</h2>
        <div className="flex flex-wrap items-center gap-2">
          <Select<Filterable>
            label="Stacked by"
            className="w-40"
            size="sm"
            value={stack}
            onChange={onStack}
            choices={filterable.map((each) => ({ value: each, label: `By ${dimensionWords[each].toLowerCase()}` }))}
          />
          <Segmented<Measure> label="Measure" choices={measures} value={measure} onChange={onMeasure} />
        </div>
      </div>
      <div className="mt-4 -ml-2 h-64">
        <StackedChart points={points} series={series} format={format} formatAxis={measure === 'cost' ? formatMoneyShort : formatShort} />
      </div>
      <ul aria-label="Legend" className="mt-3 flex flex-wrap gap-x-5 gap-y-1.5 text-sm">
        {series.map((each, index) => (
          <li key={each.key} className="flex max-w-full min-w-0 items-center gap-2">
            <span aria-hidden className="size-2.5 shrink-0 rounded-xs" style={{ background: seriesColour(each.key, index) }} />
            <span className="truncate">{each.name}</span>
            <span className="figures shrink-0 text-ink-quiet">
              {measure === 'tokens' ? format(each.tokens) : each.isUnpriced ? 'No price' : format(each.costMicros)}
            </span>
          </li>
        ))}
      </ul>
      <details className="mt-3 text-sm" onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary className="touch-target w-fit rounded-xs py-1 text-ink-quiet underline decoration-line-strong underline-offset-4 hover:text-ink">
          The same as a table
        </summary>
        <div className="thin-scroll mt-2 max-h-80 overflow-y-auto rounded-lg">
          {isOpen ? <DayTable points={points} series={series} format={format} /> : null}
        </div>
      </details>
    </Card>
  )
}

function DayTable({ points, series, format }: { points: readonly Point[]; series: readonly Series[]; format: (value: number) => string }) {
  return (
    <Table
      caption="Day by day"
      rows={points}
      rowKey={(point) => point.day}
      columns={[
        { key: 'day', heading: 'Day', cell: (point) => <span className="whitespace-nowrap">{sayDayOf(point.day)}</span> },
        ...series.map((each, index) => ({
          key: each.key,
          heading: each.name,
          align: 'end' as const,
          cell: (point: Point) => format(point[`value${index}`] ?? 0),
        })),
      ]}
    />
  )
}
