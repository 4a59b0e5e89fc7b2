'use client'

import { Radio } from '@base-ui/react/radio'
import { RadioGroup } from '@base-ui/react/radio-group'
import type { ReactNode } from 'react'
import { classNames } from '#components/ui/class-names.ts'

/** One of a few short words in a row, all in sight; scrolls sideways where there is no room. */
export function Segmented<V extends string>({
  label,
  choices,
  value,
  onChange,
  className,
}: {
  label: string
  choices: readonly { value: V; label: ReactNode }[]
  value: V
  onChange: (value: V) => void
  className?: string
}) {
  return (
    <RadioGroup
      aria-label={label}
      value={value}
      onValueChange={(next) => onChange(next as V)}
      className={classNames('no-scrollbar flex max-w-full gap-0.5 overflow-x-auto rounded-md bg-sunken p-0.5', className)}
    >
      {choices.map((each) => (
        <label
          key={each.value}
          className="touch-target relative flex h-7 shrink-0 cursor-pointer items-center justify-center rounded-sm px-2.5 text-sm text-ink-soft transition-colors hover:text-ink has-data-checked:bg-raised has-data-checked:font-medium has-data-checked:text-ink has-data-checked:shadow-rest has-focus-visible:outline-2 has-focus-visible:outline-accent"
        >
          <Radio.Root value={each.value} className="absolute inset-0 rounded-sm outline-none" />
          {each.label}
        </label>
      ))}
    </RadioGroup>
  )
}
