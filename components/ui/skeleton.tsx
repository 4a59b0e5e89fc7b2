import { classNames } from '#components/ui/class-names.ts'

/** The shape of what is being loaded. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={classNames('h-4 animate-pulse rounded-sm bg-hover', className)} />
}

/** Several rows of a list that is being loaded; says so once. */
export function SkeletonRows({ rows = 3, label = 'Loading', className }: { rows?: number; label?: string; className?: string }) {
  return (
    <div className={classNames('flex flex-col gap-2', className)}>
      <output className="sr-only">{label}</output>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} className="h-14 rounded-lg" />
      ))}
    </div>
  )
}
