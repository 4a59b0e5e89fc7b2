'use client'

import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { providerName } from '#core/providers/presets.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { outcomeLook } from '#components/usage/outcome.ts'
import { useTRPC, type Outputs } from '#components/trpc/trpc.ts'
import { Badge } from '#components/ui/badge.tsx'
import { formatCount, formatDuration, formatMoney } from '#components/ui/numbers.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { Section } from '#components/ui/section.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { type Column, Table } from '#components/ui/table.tsx'

type UsageRecord = Outputs['usage']['records'][number]
const SHOWN = 50

const columns: readonly Column<UsageRecord>[] = [
  {
    key: 'when',
    heading: 'When',
    cell: (row) =>
      row.chatId ? (
        <Link
          href={`/projects/${encodeURIComponent(row.projectId)}/chats/${row.chatId}`}
          className="whitespace-nowrap underline decoration-line-strong underline-offset-4 hover:decoration-accent"
        >
          <RelativeTime at={row.startedAt} />
        </Link>
      ) : (
        <RelativeTime at={row.startedAt} className="whitespace-nowrap" />
      ),
  },
  {
    key: 'who',
    heading: 'Who',
    cell: (row) => (row.isSeen ? (row.userName ?? '—') : 'Private chat'),
    isSecondary: true,
    className: 'whitespace-nowrap',
  },
  {
    key: 'model',
    heading: 'Model',
    cell: (row) => (
      <span className="block min-w-36">
        <span className="block max-w-56 truncate">{row.model ?? '—'}</span>
        <span className="block text-xs text-ink-quiet">{providerName(row.provider)}</span>
      </span>
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
  {
    key: 'in',
    heading: 'In',
    align: 'end',
    isSecondary: true,
    cell: (row) => formatCount(row.inputTokens + row.cacheReadTokens + row.cacheWriteTokens),
  },
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
    cell: (row) =>
      row.via === 'login' ? <span className="text-xs text-ink-quiet">Not priced (subscription)</span> : formatMoney(row.costMicros),
  },
]

/** The newest metered requests, one by one. */
export function UsageRecords({ projectId }: { projectId?: string }) {
  const records = useQuery(useTRPC().usage.records.queryOptions({ limit: SHOWN, ...(projectId ? { projectId } : {}) }))
  return (
    <Section title="Requests" description={records.data?.length === SHOWN ? `The newest ${SHOWN}.` : undefined}>
      {records.isPending ? <SkeletonRows rows={5} label="Loading requests" /> : null}
      {records.isError ? <FailureNotice error={records.error} onRetry={() => void records.refetch()} /> : null}
      {records.data ? <Table caption="Metered requests" columns={columns} rows={records.data} rowKey={(row) => row.usageRecordId} /> : null}
    </Section>
  )
}
