import { ArrowDown, ArrowUp } from 'lucide-react'
import type { ReactNode } from 'react'
import { classNames } from '#components/ui/class-names.ts'

export type Column<Row> = {
  key: string
  heading: ReactNode
  cell: (row: Row) => ReactNode
  align?: 'start' | 'end'
  /** Hidden where the table is narrow. */
  isSecondary?: boolean
  className?: string
  isSortable?: boolean
}

export type TableSort = { key: string; isDescending: boolean }

/** Rows and columns; scrolls sideways by itself, and by keyboard. `caption` is read aloud. Who sorts gets the key of a column. */
export function Table<Row>({
  caption,
  columns,
  rows,
  rowKey,
  sort,
  onSort,
}: {
  sort?: TableSort | null
  onSort?: (key: string) => void
  caption: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  rowKey: (row: Row) => string
}) {
  const place = (column: Column<Row>) =>
    classNames(
      'px-3 first:pl-4 last:pr-4',
      column.align === 'end' && 'figures text-right',
      column.isSecondary && 'hidden @2xl:table-cell',
      column.className,
    )
  return (
    <div className="@container rounded-lg border border-line bg-raised">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard */}
      <section aria-label={caption} tabIndex={0} className="thin-scroll overflow-x-auto rounded-lg outline-offset-[-2px]">
        <table className="w-full border-collapse text-base">
          <caption className="sr-only">{caption}</caption>
          <thead>
            <tr className="border-b border-line">
              {columns.map((column) => (
                <th
                  key={column.key}
                  scope="col"
                  aria-sort={sort?.key === column.key ? (sort.isDescending ? 'descending' : 'ascending') : undefined}
                  className={classNames('h-9 text-left text-xs font-medium whitespace-nowrap text-ink-quiet', place(column))}
                >
                  {column.isSortable && onSort ? <SortButton column={column} sort={sort ?? null} onSort={onSort} /> : column.heading}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={rowKey(row)} className="border-b border-line last:border-0">
                {columns.map((column) => (
                  <td key={column.key} className={classNames('h-11 py-2 align-middle', place(column))}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  )
}

function SortButton<Row>({ column, sort, onSort }: { column: Column<Row>; sort: TableSort | null; onSort: (key: string) => void }) {
  const isSorted = sort?.key === column.key
  const Arrow = isSorted && !sort.isDescending ? ArrowUp : ArrowDown
  return (
    <button
      type="button"
      onClick={() => onSort(column.key)}
      className={classNames(
        'group touch-target -mx-1 inline-flex h-7 items-center gap-1 rounded-sm px-1 hover:bg-hover hover:text-ink',
        isSorted && 'text-ink',
      )}
    >
      {column.heading}
      <Arrow aria-hidden className={classNames('size-3', !isSorted && 'opacity-0 group-hover:opacity-50')} />
    </button>
  )
}
