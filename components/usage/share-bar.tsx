import { classNames } from '#components/ui/class-names.ts'

/** A part of a whole, or of the biggest, for the eye; the number stands beside it. */
export function ShareBar({ fraction, className, tone = 'accent' }: { fraction: number; className?: string; tone?: 'accent' | 'good' }) {
  return (
    <span aria-hidden className={classNames('block h-1 w-full overflow-hidden rounded-full bg-hover', className)}>
      <span
        className={classNames('block h-full rounded-full', tone === 'good' ? 'bg-good' : 'bg-accent')}
        style={{ width: fraction > 0 ? `max(3px, ${fraction * 100}%)` : 0 }}
      />
    </span>
  )
}
