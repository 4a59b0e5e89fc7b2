'use client'

import { useInfiniteQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { providerName } from '#core/providers/presets.ts'
import { readTokens } from '#core/usage/sums.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { askedOf, type UsageAddress } from '#components/usage/address.model.ts'
import { FilterBar } from '#components/usage/filter-bar.tsx'
import { outcomeLook } from '#components/usage/outcome.ts'
import { NothingUsed, type ViewProps } from '#components/usage/spending-view.tsx'
import { useTRPC, useTRPCClient, type Outputs } from '#components/trpc/trpc.ts'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { formatCount, formatDuration, formatMoney } from '#components/ui/numbers.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { type Column, Table } from '#components/ui/table.tsx'

type Request = Outputs['usage']['requests']['requests'][number]
const PAGE = 50

/** The metered requests one by one, the newest first. */
export function RequestsView({ address, today, go }: ViewProps) {
  const requests = useRequests(address, today)
  const rows = requests.data?.pages.flatMap((page) => page.requests) ?? []
  return (
    <div aria-busy={requests.isPlaceholderData} className="flex flex-col gap-6 transition-opacity aria-busy:opacity-60">
      <FilterBar address={address} names={requests.data?.pages[0]?.names ?? {}} onChange={go} />
      {requests.isPending ? <SkeletonRows rows={6} label="Loading requests" /> : null}
      {requests.isError && rows.length === 0 ? (
        <FailureNotice error={requests.error} onRetry={() => void requests.refetch()} look="block" />
      ) : null}
      {requests.isSuccess && rows.length === 0 ? <NothingUsed address={address} go={go} /> : null}
      {rows.length > 0 ? <Table caption="Metered requests" columns={columns} rows={rows} rowKey={(row) => row.usageRecordId} /> : null}
      {requests.isFetchNextPageError ? <FailureNotice error={requests.error} onRetry={() => void requests.fetchNextPage()} /> : null}
      {requests.hasNextPage ? (
        <Button className="self-center" isBusy={requests.isFetchingNextPage} onClick={() => void requests.fetchNextPage()}>
          Show older requests
        </Button>
      ) : null}
    </div>
  )
}

function useRequests(address: UsageAddress, today: string) {
  const client = useTRPCClient()
  const asked = { ...askedOf(address, today), limit: PAGE }
  const { queryKey } = useTRPC().usage.requests.queryOptions(asked)
  return useInfiniteQuery({
    queryKey: [...queryKey, 'pages'],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => client.usage.requests.query({ ...asked, cursor: pageParam }, { signal }),
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: (before) => before,
  })
}

const pricing = { unpriced: 'No price', subscription: 'Subscription' } as const

const columns: readonly Column<Request>[] = [
  { key: 'when', heading: 'When', cell: (row) => <RelativeTime at={row.startedAt} className="whitespace-nowrap" /> },
  {
    key: 'chat',
    heading: 'Chat',
    isSecondary: true,
    className: 'w-full max-w-0 min-w-40',
    cell: (row) => (
      <>
        {row.chatId === null ? (
          <span className="block truncate text-ink-quiet">Private or deleted</span>
        ) : (
          <Link
            href={`/projects/${encodeURIComponent(row.projectId)}/chats/${row.chatId}`}
            className="block truncate underline decoration-line-strong underline-offset-4 hover:decoration-accent"
          >
            {row.chatTitle || 'Untitled chat'}
          </Link>
        )}
        <span className="block truncate text-xs text-ink-quiet">
          {row.chatId === null ? '' : `${row.userName ?? 'Outside of a prompt'} · `}
          {row.projectName ?? 'A removed project'}
        </span>
      </>
    ),
  },
  {
    key: 'model',
    heading: 'Model',
    className: 'max-w-44 min-w-32',
    cell: (row) => (
      <>
        <span className="block truncate">{row.chatId === null ? '—' : (row.model ?? '—')}</span>
        <span className="block truncate text-xs text-ink-quiet">{providerName(row.provider)}</span>
      </>
    ),
  },
  {
    key: 'outcome',
    heading: 'Outcome',
    cell: (row) => {
      const look = outcomeLook(row)
      return <Badge tone={look.tone}>{look.word}</Badge>
    },
  },
  { key: 'in', heading: 'In', align: 'end', isSecondary: true, cell: (row) => formatCount(readTokens(row)) },
  { key: 'cached', heading: 'Cached', align: 'end', isSecondary: true, cell: (row) => formatCount(row.cacheReadTokens) },
  { key: 'out', heading: 'Out', align: 'end', isSecondary: true, cell: (row) => formatCount(row.outputTokens) },
  {
    key: 'took',
    heading: 'Took',
    align: 'end',
    isSecondary: true,
    className: 'whitespace-nowrap',
    cell: (row) => (row.durationMs === null ? '—' : formatDuration(row.durationMs)),
  },
  {
    key: 'cost',
    heading: 'Cost',
    align: 'end',
    className: 'whitespace-nowrap',
    cell: (row) => (row.pricing === 'priced' ? formatMoney(row.costMicros) : hasEnded(row) ? pricing[row.pricing] : '—'),
  },
]

/** What is under way, or used nothing, has no cost to speak of. */
const hasEnded = (row: Request): boolean => row.outcome !== 'open' && row.outcome !== 'refused' && readTokens(row) + row.outputTokens > 0
