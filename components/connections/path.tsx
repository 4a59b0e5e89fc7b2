import type { ReactNode } from 'react'
import type { LaneState } from '#components/connections/lanes.model.ts'
import { StateMark } from '#components/connections/state-words.tsx'
import { classNames } from '#components/ui/class-names.ts'

/** The way from the nearest scope to everybody's, drawn as stations on a line. */
export function Path({ className, children }: { className?: string; children: ReactNode }) {
  return <ol className={classNames('flex flex-col', className)}>{children}</ol>
}

/** A station. The line below it is whole where the question goes on (`isTaken`), and dashed where nobody asks any more. */
export function PathStep({
  state,
  isLast,
  isTaken,
  label,
  className,
  children,
}: {
  state: LaneState
  isLast: boolean
  isTaken: boolean
  label?: string
  className?: string
  children: ReactNode
}) {
  return (
    <li aria-label={label} className={classNames('relative flex gap-3 pb-4 last:pb-1', className)}>
      {isLast ? null : (
        <span
          aria-hidden
          className={classNames(
            'absolute top-7 -bottom-0.5 left-3 -translate-x-1/2 border-l-2',
            isTaken ? 'border-accent/50' : 'border-dashed border-line',
          )}
        />
      )}
      <StateMark state={state} className="relative mt-0.5" />
      <div className="min-w-0 flex-1">{children}</div>
    </li>
  )
}
