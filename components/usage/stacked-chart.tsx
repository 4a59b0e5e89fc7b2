'use client'

import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import { sayDayOf, saySpan } from '#components/usage/address.model.ts'
import type { Point, Series } from '#components/usage/report.model.ts'
import { seriesColour } from '#components/usage/series-colour.ts'

const tick = { fill: 'var(--ink-quiet)', fontSize: 12 }

/** Days as bars, each stacked of its series. The table beside it holds the same for a screen reader. */
export function StackedChart({
  points,
  series,
  format,
  formatAxis,
}: {
  points: readonly Point[]
  series: readonly Series[]
  format: (value: number) => string
  formatAxis: (value: number) => string
}) {
  return (
    <ResponsiveContainer width="100%" height="100%">
      <BarChart data={[...points]} accessibilityLayer margin={{ top: 8, right: 4, bottom: 0, left: 4 }}>
        <CartesianGrid vertical={false} stroke="var(--line)" />
        <XAxis dataKey="day" tickFormatter={sayDayOf} tickLine={false} axisLine={{ stroke: 'var(--line)' }} minTickGap={24} tick={tick} />
        <YAxis tickFormatter={formatAxis} tickLine={false} axisLine={false} width={64} tick={tick} />
        <Tooltip
          cursor={{ fill: 'var(--hover)' }}
          isAnimationActive={false}
          wrapperStyle={{ zIndex: 10 }}
          content={({ active, payload }) =>
            active && payload[0] ? <DayCard point={payload[0].payload as Point} series={series} format={format} /> : null
          }
        />
        {series.map((each, index) => (
          <Bar
            key={each.key}
            dataKey={`value${index}`}
            stackId="all"
            fill={seriesColour(each.key, index)}
            // Tells neighbours apart for those who cannot by colour.
            stroke="var(--raised)"
            strokeWidth={points.length > 45 ? 0 : 1}
            maxBarSize={28}
            isAnimationActive={false}
          />
        ))}
      </BarChart>
    </ResponsiveContainer>
  )
}

type CardProps = { point: Point; series: readonly Series[]; format: (value: number) => string }

function DayCard({ point, series, format }: CardProps) {
  const values = series.map((each, index) => ({ ...each, index, value: point[`value${index}`] ?? 0 })).filter((each) => each.value > 0)
  return (
    <div className="figures max-w-64 rounded-md border border-line bg-raised px-3 py-2 text-sm shadow-float">
      <p className="flex justify-between gap-6 font-medium">
        {saySpan({ from: point.day, to: point.day })}
        <span>{format(values.reduce((sum, each) => sum + each.value, 0))}</span>
      </p>
      <ul className="mt-1 flex flex-col gap-0.5 empty:hidden">
        {values.map((each) => (
          <li key={each.key} className="flex items-center gap-2 text-ink-soft">
            <span aria-hidden className="size-2 shrink-0 rounded-xs" style={{ background: seriesColour(each.key, each.index) }} />
            <span className="min-w-0 flex-1 truncate">{each.name}</span>
            {format(each.value)}
          </li>
        ))}
      </ul>
    </div>
  )
}
