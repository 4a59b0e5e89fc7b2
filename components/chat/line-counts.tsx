import { classNames } from '#components/ui/class-names.ts'

/** Lines added and removed; nothing where there are none, as in a picture. */
export function LineCounts({ added, removed, className }: { added: number; removed: number; className?: string }) {
  if (added + removed === 0) return null
  return (
    <span className={classNames('figures inline-flex shrink-0 gap-1.5 text-xs', className)}>
      <span className="sr-only">{`${added} lines added, ${removed} removed`}</span>
      {added > 0 ? <span aria-hidden className="text-good-ink">{`+${added}`}</span> : null}
      {removed > 0 ? <span aria-hidden className="text-bad-ink">{`−${removed}`}</span> : null}
    </span>
  )
}
