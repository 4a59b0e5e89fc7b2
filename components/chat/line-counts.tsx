import { classNames } from '#components/ui/class-names.ts'

/** Lines added and removed. */
export function LineCounts({ added, removed, className }: { added: number; removed: number; className?: string }) {
  return (
    <span className={classNames('figures inline-flex shrink-0 gap-1.5 text-xs', className)}>
      <span className="sr-only">{`${added} lines added, ${removed} removed`}</span>
      <span aria-hidden className="text-good-ink">{`+${added}`}</span>
      <span aria-hidden className="text-bad-ink">{`−${removed}`}</span>
    </span>
  )
}
