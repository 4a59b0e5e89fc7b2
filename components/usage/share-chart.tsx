'use client'

import { Area, AreaChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import { sayDayOf, saySpan } from '#components/usage/address.model.ts'
import { sayShare } from '#components/usage/report.model.ts'
import { formatShort } from '#components/ui/numbers.ts'

export type SharePoint = { day: string; share: number | null; readTokens: number }

const tick = { fill: 'var(--ink-quiet)', fontSize: 12 }

/** The share that came from caches, day by day; a day on which nothing was read is a gap. */
export function ShareChart({ points }: { points: readonly SharePoint[] }) {
  return (
    <ResponsiveContainer width="100%" height="100%">
      <AreaChart data={[...points]} accessibilityLayer margin={{ top: 8, right: 8, bottom: 0, left: 0 }}>
        <CartesianGrid vertical={false} stroke="var(--line)" />
        <XAxis dataKey="day" tickFormatter={sayDayOf} tickLine={false} axisLine={{ stroke: 'var(--line)' }} minTickGap={24} tick={tick} />
        <YAxis domain={[0, 1]} ticks={[0, 0.5, 1]} tickFormatter={sayShare} tickLine={false} axisLine={false} width={52} tick={tick} />
        <Tooltip
          cursor={{ stroke: 'var(--line-strong)' }}
          isAnimationActive={false}
          content={({ active, payload }) => {
            const point = payload?.[0]?.payload as SharePoint | undefined
            return active && point ? (
              <div className="figures rounded-md border border-line bg-raised px-3 py-2 text-sm shadow-float">
                <p className="font-medium">{saySpan({ from: point.day, to: point.day })}</p>
                <p className="text-ink-soft">
                  {sayShare(point.share)} of {formatShort(point.readTokens)} tokens
                </p>
              </div>
            ) : null
          }}
        />
        <Area
          dataKey="share"
          type="monotone"
          stroke="var(--chart-1)"
          strokeWidth={2}
          fill="var(--chart-1)"
          fillOpacity={0.12}
          dot={points.length === 1}
          isAnimationActive={false}
        />
      </AreaChart>
    </ResponsiveContainer>
  )
}
