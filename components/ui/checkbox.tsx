'use client'

import { Checkbox as Base } from '@base-ui/react/checkbox'
import { Check } from 'lucide-react'
import type { ReactNode } from 'react'
import { classNames } from '#components/ui/class-names.ts'

/** Yes or no, with its words beside it: the whole line is the target. */
export function Checkbox({
  isChecked,
  onChange,
  isDisabled,
  note,
  className,
  children,
}: {
  isChecked: boolean
  onChange: (isChecked: boolean) => void
  isDisabled?: boolean
  note?: ReactNode
  className?: string
  children: ReactNode
}) {
  return (
    <label
      className={classNames(
        'touch-target flex cursor-pointer items-start gap-2.5 has-data-disabled:cursor-not-allowed has-data-disabled:opacity-60',
        className,
      )}
    >
      <Base.Root
        checked={isChecked}
        onCheckedChange={onChange}
        disabled={isDisabled}
        className="mt-0.5 grid size-4 shrink-0 place-items-center rounded-xs border border-line-strong bg-raised data-checked:border-accent data-checked:bg-accent"
      >
        <Base.Indicator className="text-on-accent data-unchecked:hidden">
          <Check aria-hidden className="size-3" strokeWidth={3} />
        </Base.Indicator>
      </Base.Root>
      <span className="min-w-0">
        <span className="block break-words">{children}</span>
        {note ? <span className="block text-sm text-ink-quiet">{note}</span> : null}
      </span>
    </label>
  )
}
