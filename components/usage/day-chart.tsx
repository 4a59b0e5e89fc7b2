'use client'

import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import type { DayPoint } from '#components/usage/usage.model.ts'
import { formatCount, formatMoney, formatShort } from '#components/ui/numbers.ts'

const dayName = (day: string) =>
  new Date(`${day}T00:00:00Z`).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })

/** Cost by day; tokens where nothing has a price. The table below it holds the same for a screen reader. */
export function DayChart({ points }: { points: readonly DayPoint[] }) {
  const isPriced = points.some((each) => each.costMicros > 0)
  const format = isPriced ? formatMoney : formatShort
  return (
    <div className="h-56">
      <ResponsiveContainer width="100%" height="100%">
        <BarChart data={[...points]} accessibilityLayer margin={{ top: 8, right: 4, bottom: 0, left: 4 }}>
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis
            dataKey="day"
            tickFormatter={dayName}
            tickLine={false}
            axisLine={{ stroke: 'var(--line)' }}
            minTickGap={24}
            tick={{ fill: 'var(--ink-quiet)', fontSize: 12 }}
          />
          <YAxis tickFormatter={format} tickLine={false} axisLine={false} width={64} tick={{ fill: 'var(--ink-quiet)', fontSize: 12 }} />
          <Tooltip
            cursor={{ fill: 'var(--hover)' }}
            isAnimationActive={false}
            content={({ active, payload }) => (active && payload[0] ? <DayCard point={payload[0].payload as DayPoint} /> : null)}
          />
          <Bar
            dataKey={isPriced ? 'costMicros' : 'tokens'}
            fill="var(--chart-1)"
            radius={[3, 3, 0, 0]}
            maxBarSize={28}
            isAnimationActive={false}
          />
        </BarChart>
      </ResponsiveContainer>
    </div>
  )
}

function DayCard({ point }: { point: DayPoint }) {
  return (
    <div className="figures rounded-md border border-line bg-raised px-3 py-2 text-sm shadow-float">
      <p className="font-medium">{dayName(point.day)}</p>
      <p className="text-ink-soft">{formatMoney(point.costMicros)}</p>
      <p className="text-ink-quiet">
        {formatCount(point.requests)} requests · {formatShort(point.tokens)} tokens
      </p>
    </div>
  )
}
