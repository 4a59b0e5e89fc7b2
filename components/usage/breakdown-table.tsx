'use client'

import { dimensions, type Dimension } from '#core/usage/dimensions.ts'
import { allTokens, cacheShare, readTokens } from '#core/usage/sums.ts'
import { sortable, type Measure, type Sort, type SortKey } from '#components/usage/address.model.ts'
import { ShareBar } from '#components/usage/share-bar.tsx'
import {
  barsOf,
  dimensionWords,
  nameOf,
  sayChange,
  sayCostOf,
  sayShare,
  sortedRows,
  type Report,
  type Row,
} from '#components/usage/report.model.ts'
import { formatCount, formatShort } from '#components/ui/numbers.ts'
import { Section } from '#components/ui/section.tsx'
import { Segmented } from '#components/ui/segmented.tsx'
import { type Column, Table } from '#components/ui/table.tsx'

type Props = {
  report: Report
  by: Dimension
  measure: Measure
  sort: Sort | null
  onBy: (by: Dimension) => void
  onSort: (sort: Sort) => void
  /** A row was chosen. */
  onNarrow: (key: string) => void
}

const choices = dimensions.map((each) => ({ value: each, label: dimensionWords[each] }))

/** The sums by one dimension; a row leads to the same report about it alone. */
export function BreakdownTable({ report, by, measure, sort, onBy, onSort, onNarrow }: Props) {
  const name = (row: Row) => nameOf(by, row.key, report.names)
  const rows = sortedRows(report.rows, sort, name)
  const sortBy = (key: string) => {
    const found = sortable.find((each) => each === key)
    if (found) onSort({ key: found, isDescending: sort?.key === found ? !sort.isDescending : found !== 'name' })
  }
  const hidden = report.rowCount - report.rows.length
  return (
    <Section
      title="Breakdown"
      description={hidden > 0 ? `The ${report.rows.length} dearest of ${formatCount(report.rowCount)}; the export holds all.` : undefined}
      actions={<Segmented<Dimension> label="Broken down by" choices={choices} value={by} onChange={onBy} />}
    >
      <Table
        caption={`Usage by ${dimensionWords[by].toLowerCase()}`}
        columns={columnsFor({ by, name, bar: barsOf(rows, measure), onNarrow })}
        rows={rows}
        rowKey={(row) => row.key}
        sort={sort}
        onSort={sortBy}
      />
    </Section>
  )
}

type ColumnsFor = { by: Dimension; name: (row: Row) => string; bar: (row: Row) => number; onNarrow: (key: string) => void }
type SortableColumn = Column<Row> & { key: SortKey }

function columnsFor({ by, name, bar, onNarrow }: ColumnsFor): readonly SortableColumn[] {
  return [
    {
      key: 'name',
      heading: dimensionWords[by],
      isSortable: true,
      className: 'w-full max-w-0 min-w-40',
      cell: (row) => (
        <button
          type="button"
          onClick={() => onNarrow(row.key)}
          title={name(row)}
          className="touch-target group flex w-full min-w-0 flex-col justify-center gap-1 rounded-xs text-left"
        >
          <span className="max-w-full truncate decoration-line-strong underline-offset-4 group-hover:underline">{name(row)}</span>
          <ShareBar fraction={bar(row)} className="max-w-56" />
          <span className="figures text-xs text-ink-quiet @2xl:hidden">
            {formatShort(allTokens(row))} tokens · {sayShare(cacheShare(row))} cached
          </span>
        </button>
      ),
    },
    { key: 'cost', heading: 'Cost', align: 'end', isSortable: true, className: 'whitespace-nowrap', cell: sayCostOf },
    {
      key: 'change',
      heading: 'Before',
      align: 'end',
      isSortable: true,
      isSecondary: true,
      className: 'whitespace-nowrap text-ink-quiet',
      cell: (row) => (by === 'day' ? '—' : sayChange(...changing(row))),
    },
    {
      key: 'requests',
      heading: 'Requests',
      align: 'end',
      isSortable: true,
      isSecondary: true,
      cell: (row) => formatCount(row.requests + row.subscriptionTurns),
    },
    { key: 'input', heading: 'Tokens in', align: 'end', isSortable: true, isSecondary: true, cell: (row) => formatShort(readTokens(row)) },
    { key: 'cached', heading: 'Cached', align: 'end', isSortable: true, isSecondary: true, cell: (row) => sayShare(cacheShare(row)) },
    {
      key: 'output',
      heading: 'Tokens out',
      align: 'end',
      isSortable: true,
      isSecondary: true,
      cell: (row) => formatShort(row.outputTokens),
    },
  ]
}

/** By cost; by tokens where nothing has a price. */
const changing = (row: Row): [number, number] =>
  row.costMicros + row.costBeforeMicros > 0 ? [row.costMicros, row.costBeforeMicros] : [allTokens(row), row.tokensBefore]
