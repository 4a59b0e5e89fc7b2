import { readTokens, cacheShare, type UsageSums } from '#core/usage/sums.ts'
import { sayChange, sayCostOf, sayShare } from '#components/usage/report.model.ts'
import { formatCount, formatShort } from '#components/ui/numbers.ts'

type Figure = { name: string; value: string; note: string | null }

/** The sums of the time that is shown, beside those of the time before; what has no price is told apart. */
export function UsageTotals({ totals, before, beforeWords }: { totals: UsageSums; before: UsageSums | null; beforeWords: string }) {
  const isFirst = before !== null && before.requests === 0
  const than = (now: number, then: number) => (isFirst ? null : sayChange(now, then))
  const figures: Figure[] = [
    { name: 'Cost', value: sayCostOf(totals), note: before && than(totals.costMicros, before.costMicros) },
    { name: 'Requests', value: formatCount(totals.requests), note: before && than(totals.requests, before.requests) },
    {
      name: 'Tokens in',
      value: formatShort(readTokens(totals)),
      note: readTokens(totals) > 0 ? `${sayShare(cacheShare(totals))} from caches` : null,
    },
    { name: 'Tokens out', value: formatShort(totals.outputTokens), note: before && than(totals.outputTokens, before.outputTokens) },
  ]
  const apart = [
    totals.unpricedRequests > 0 &&
      `${formatCount(totals.unpricedRequests)} requests have no known price (${formatShort(totals.unpricedTokens)} tokens)`,
    totals.subscriptionTurns > 0 &&
      `${formatCount(totals.subscriptionTurns)} ${totals.subscriptionTurns === 1 ? 'turn' : 'turns'} on a subscription ${totals.subscriptionTurns === 1 ? 'is' : 'are'} not priced (${formatShort(totals.subscriptionTokens)} tokens)`,
    totals.lostRequests > 0 && `${formatCount(totals.lostRequests)} more failed or were refused and used nothing`,
  ].filter((each) => each !== false)
  return (
    <section aria-label="Totals" className="flex flex-col gap-2">
      <dl className="grid grid-cols-2 overflow-hidden rounded-lg border border-line bg-raised max-lg:[&>*:nth-child(n+3)]:border-t max-lg:[&>*:nth-child(odd)]:border-r lg:grid-cols-4 lg:divide-x lg:divide-line">
        {figures.map(({ name, value, note }) => (
          <div key={name} className="min-w-0 px-4 py-4 sm:px-5">
            <dt className="text-sm text-ink-quiet">{name}</dt>
            <dd className="figures mt-1 truncate text-xl font-medium tracking-[-0.02em] sm:text-2xl" title={value}>
              {value}
            </dd>
            <dd className="figures mt-0.5 min-h-4 text-xs text-ink-quiet">{note}</dd>
          </div>
        ))}
      </dl>
      <p className="text-sm text-ink-quiet">
        {before ? (isFirst ? `Nothing was used ${beforeWords}. ` : `Compared with what was used ${beforeWords}. `) : ''}
        Cost at list prices{apart.length > 0 ? `; ${apart.join('; ')}` : ''}.
      </p>
    </section>
  )
}
