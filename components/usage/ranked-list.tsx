import { allTokens, type Ranked } from '#components/usage/usage.model.ts'
import { formatMoney, formatShort } from '#components/ui/numbers.ts'

/** Who or what used how much, the biggest first, with a bar to compare by eye. */
export function RankedList({ title, rows }: { title: string; rows: readonly Ranked[] }) {
  return (
    <section aria-label={title}>
      <h2 className="mb-2 text-lg font-semibold tracking-[-0.01em]">{title}</h2>
      <ol className="divide-y divide-line border-t border-line">
        {rows.slice(0, 8).map((row) => (
          <li key={row.key} className="py-2.5">
            <div className="flex items-baseline justify-between gap-3">
              <span className="min-w-0 truncate">
                {row.name}
                {row.note ? <span className="text-sm text-ink-quiet"> · {row.note}</span> : null}
              </span>
              <span className="figures shrink-0">
                {row.totals.unpricedRequests + row.totals.subscriptionTurns > 0 && row.totals.costMicros === 0
                  ? '—'
                  : formatMoney(row.totals.costMicros)}
              </span>
            </div>
            <div className="mt-1 flex items-center gap-3">
              <div aria-hidden className="h-1 flex-1 rounded-full bg-hover">
                <div className="h-1 rounded-full bg-accent" style={{ width: `${Math.max(row.share * 100, 1)}%` }} />
              </div>
              <span className="figures w-24 shrink-0 text-right text-xs text-ink-quiet">{formatShort(allTokens(row.totals))} tokens</span>
            </div>
          </li>
        ))}
      </ol>
    </section>
  )
}
