import { cacheShare, type Summary } from '#components/usage/usage.model.ts'
import { formatCount, formatMoney, formatShort } from '#components/ui/numbers.ts'

/** The sums of the time that is shown. */
export function UsageTotals({ totals }: { totals: Summary['totals'] }) {
  const share = cacheShare(totals)
  const figures = [
    {
      name: 'Cost',
      value: `${totals.unpricedRequests > 0 ? '≥ ' : ''}${formatMoney(totals.costMicros)}`,
      note: totals.unpricedRequests > 0 ? `${formatCount(totals.unpricedRequests)} requests have no known price` : 'at list prices',
    },
    {
      name: 'Requests',
      value: formatCount(totals.requests),
      note: totals.subscriptionTurns > 0 ? `besides ${subscriptionTurns(totals.subscriptionTurns)}, not priced` : null,
    },
    {
      name: 'Tokens in',
      value: formatShort(totals.inputTokens + totals.cacheReadTokens + totals.cacheWriteTokens),
      note: share === null ? null : `${Math.round(share * 100)} % from the cache`,
    },
    { name: 'Tokens out', value: formatShort(totals.outputTokens), note: null },
  ]
  return (
    <dl className="grid grid-cols-2 divide-line rounded-lg border border-line bg-raised max-lg:[&>*:nth-child(odd)]:border-r max-lg:[&>*:nth-child(n+3)]:border-t lg:grid-cols-4 lg:divide-x">
      {figures.map(({ name, value, note }) => (
        <div key={name} className="min-w-0 px-4 py-4 sm:px-5">
          <dt className="text-sm text-ink-quiet">{name}</dt>
          <dd className="figures mt-1 truncate text-xl font-medium tracking-[-0.02em] sm:text-2xl">{value}</dd>
          {note ? <dd className="mt-0.5 text-xs text-ink-quiet">{note}</dd> : null}
        </div>
      ))}
    </dl>
  )
}

const subscriptionTurns = (count: number): string =>
  count === 1 ? '1 turn on a subscription' : `${formatCount(count)} turns on subscriptions`
