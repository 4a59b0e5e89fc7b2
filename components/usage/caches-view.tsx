'use client'

import { useQuery } from '@tanstack/react-query'
import dynamic from 'next/dynamic'
import { dimensions, type Dimension } from '#core/usage/dimensions.ts'
import { eachDay, spanOf } from '#core/usage/span.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { askedOf, narrowed } from '#components/usage/address.model.ts'
import { FilterBar } from '#components/usage/filter-bar.tsx'
import { dimensionWords, nameOf, sayShare, type Names } from '#components/usage/report.model.ts'
import { ShareBar } from '#components/usage/share-bar.tsx'
import { NothingUsed, type ViewProps } from '#components/usage/spending-view.tsx'
import { useTRPC, type Outputs } from '#components/trpc/trpc.ts'
import { formatCount, formatMoney, formatPrice, formatShort } from '#components/ui/numbers.ts'
import { Card, Section } from '#components/ui/section.tsx'
import { Segmented } from '#components/ui/segmented.tsx'
import { Skeleton, SkeletonRows } from '#components/ui/skeleton.tsx'
import { type Column, Table } from '#components/ui/table.tsx'

type Caches = Outputs['usage']['caches']
type Row = Caches['rows'][number]

const ShareChart = dynamic(() => import('#components/usage/share-chart.tsx').then((file) => file.ShareChart), {
  ssr: false,
  loading: () => <Skeleton className="h-full rounded-md" />,
})

const choices = dimensions.map((each) => ({ value: each, label: dimensionWords[each] }))

/** How much of what models read came from caches, and what the rest cost. */
export function CachesView({ address, today, go, adjust }: ViewProps) {
  const trpc = useTRPC()
  const asked = askedOf(address, today)
  const caches = useQuery({ ...trpc.usage.caches.queryOptions({ ...asked, by: address.by }), placeholderData: (before) => before })
  const byDay = useQuery({ ...trpc.usage.caches.queryOptions({ ...asked, by: 'day' }), placeholderData: (before) => before })
  const { data } = caches
  const isEmpty = data !== undefined && data.rowCount === 0
  return (
    <div aria-busy={caches.isPlaceholderData} className="flex flex-col gap-6 transition-opacity aria-busy:opacity-60">
      <FilterBar address={address} names={data?.names ?? {}} onChange={go} />
      {caches.isPending ? <SkeletonRows rows={5} label="Loading cache health" /> : null}
      {caches.isError ? <FailureNotice error={caches.error} onRetry={() => void caches.refetch()} look="block" /> : null}
      {isEmpty ? <NothingUsed address={address} go={go} /> : null}
      {data && !isEmpty ? (
        <>
          <Card className="grid gap-x-8 gap-y-5 p-4 sm:p-5 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
            <Verdict all={data.all} />
            <div className="-ml-2 h-44">
              <ShareChart points={pointsOf(byDay.data?.rows ?? [], eachDay(spanOf(address.span, today)))} />
            </div>
          </Card>
          <Section
            title="Where caches help, and where they do not"
            actions={
              <Segmented<Dimension>
                label="Told apart by"
                choices={choices}
                value={address.by}
                onChange={(by) => adjust({ by, sort: null })}
              />
            }
          >
            <Table
              caption={`Cache health by ${dimensionWords[address.by].toLowerCase()}`}
              columns={columnsFor({ by: address.by, names: data.names, onNarrow: (key) => go(narrowed(address, key)) })}
              rows={address.by === 'day' ? data.rows.toSorted((a, b) => a.key.localeCompare(b.key)) : data.rows}
              rowKey={(row) => row.key}
            />
          </Section>
        </>
      ) : null}
    </div>
  )
}

const pointsOf = (rows: readonly Row[], days: readonly string[]) => {
  const known = new Map(rows.map((row) => [row.key, row]))
  return days.map((day) => ({ day, share: known.get(day)?.share ?? null, readTokens: known.get(day)?.readTokens ?? 0 }))
}

function Verdict({ all }: { all: Row }) {
  const afresh = all.readTokens - all.cacheReadTokens - all.cacheWriteTokens
  return (
    <div className="flex flex-col gap-2">
      <h2 className="text-sm text-ink-quiet">Read from caches</h2>
      <p className="figures text-3xl font-medium tracking-[-0.02em]">{sayShare(all.share)}</p>
      <ShareBar fraction={all.share ?? 0} className="h-1.5" />
      <p className="text-base text-ink-soft">
        Of {formatShort(all.readTokens)} input tokens, caches gave {formatShort(all.cacheReadTokens)}; {formatShort(afresh)} were read
        afresh
        {all.cacheWriteTokens > 0 ? `, and ${formatShort(all.cacheWriteTokens)} were written to a cache for later` : ''}.
      </p>
      {all.missMicros === null ? (
        <p className="text-sm text-ink-quiet">What that cost more cannot be said: none of these models has a known price.</p>
      ) : (
        <p className="text-sm text-ink-quiet">
          The tokens read afresh cost <strong className="font-medium text-ink">{formatMoney(all.missMicros)}</strong> more than cached ones
          would have. That is the most caching could save: what is new in a conversation is never in a cache.
        </p>
      )}
    </div>
  )
}

/** Cents as far as there are any. */
const sayRate = (micros: number): string => (micros >= 100_000 ? formatMoney(micros) : formatPrice(micros))

type ColumnsFor = { by: Dimension; names: Names; onNarrow: (key: string) => void }

function columnsFor({ by, names, onNarrow }: ColumnsFor): readonly Column<Row>[] {
  return [
    {
      key: 'name',
      heading: dimensionWords[by],
      className: 'w-full max-w-0 min-w-36',
      cell: (row) => (
        <button
          type="button"
          onClick={() => onNarrow(row.key)}
          title={nameOf(by, row.key, names)}
          className="touch-target block w-full truncate rounded-xs text-left decoration-line-strong underline-offset-4 hover:underline"
        >
          {nameOf(by, row.key, names)}
        </button>
      ),
    },
    {
      key: 'share',
      heading: 'From caches',
      align: 'end',
      cell: (row) => (
        <span className="inline-flex items-center gap-3">
          <ShareBar fraction={row.share ?? 0} className="w-16 max-sm:hidden" />
          <span className="min-w-12 whitespace-nowrap">{sayShare(row.share)}</span>
        </span>
      ),
    },
    { key: 'requests', heading: 'Requests', align: 'end', isSecondary: true, cell: (row) => formatCount(row.requests) },
    { key: 'read', heading: 'Tokens in', align: 'end', isSecondary: true, cell: (row) => formatShort(row.readTokens) },
    {
      key: 'rate',
      heading: 'A million misses',
      align: 'end',
      isSecondary: true,
      cell: (row) => (row.missMicrosPerMillion === null ? '—' : sayRate(row.missMicrosPerMillion)),
    },
    {
      key: 'miss',
      heading: 'Misses cost',
      align: 'end',
      className: 'whitespace-nowrap',
      cell: (row) => (row.missMicros === null ? 'No price' : formatMoney(row.missMicros)),
    },
  ]
}
