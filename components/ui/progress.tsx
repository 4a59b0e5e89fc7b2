'use client'

import { Progress as Base } from '@base-ui/react/progress'
import { classNames } from '#components/ui/class-names.ts'

/** How far something is: `fraction` from 0 to 1, or null while nobody knows. */
export function Progress({ fraction, label, className }: { fraction: number | null; label: string; className?: string }) {
  return (
    <Base.Root value={fraction === null ? null : Math.round(fraction * 100)} aria-label={label} className={className}>
      <Base.Track className="h-1 overflow-hidden rounded-full bg-hover">
        <Base.Indicator
          className={classNames('rounded-full bg-busy transition-[width] duration-300', fraction === null && 'progress-unknown w-1/3')}
        />
      </Base.Track>
    </Base.Root>
  )
}
