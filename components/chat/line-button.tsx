'use client'

import type { ReactNode } from 'react'
import { classNames } from '#components/ui/class-names.ts'

/** One line of what happened, that opens to show more. */
export function LineButton({
  icon,
  isOpen,
  onToggle,
  className,
  children,
}: {
  icon: ReactNode
  isOpen: boolean
  onToggle: () => void
  className?: string
  children: ReactNode
}) {
  return (
    <button
      type="button"
      aria-expanded={isOpen}
      onClick={onToggle}
      className={classNames(
        'touch-target -mx-2 flex h-8 w-[calc(100%+1rem)] items-center gap-2 rounded-md px-2 text-left text-sm text-ink-quiet transition-colors duration-100 hover:bg-hover',
        className,
      )}
    >
      <span className="flex shrink-0 [&_svg]:size-4">{icon}</span>
      {children}
    </button>
  )
}
