'use client'

import { Radio } from '@base-ui/react/radio'
import { RadioGroup } from '@base-ui/react/radio-group'
import type { ReactNode } from 'react'
import { classNames } from '#components/ui/class-names.ts'

export type RadioChoice<V extends string> = { value: V; label: ReactNode; note?: ReactNode; isDisabled?: boolean }

/** One of a few, all of them in sight, each with a line of explanation. */
export function RadioCards<V extends string>({
  label,
  choices,
  value,
  onChange,
  isRow = false,
}: {
  label: string
  choices: readonly RadioChoice<V>[]
  value: V
  onChange: (value: V) => void
  isRow?: boolean
}) {
  return (
    <RadioGroup
      aria-label={label}
      value={value}
      onValueChange={(next) => onChange(next as V)}
      className={classNames('flex gap-2', isRow ? 'flex-col sm:flex-row' : 'flex-col')}
    >
      {choices.map((each) => (
        <label
          key={each.value}
          className={classNames(
            'touch-target flex cursor-pointer items-start gap-2.5 rounded-md border border-line bg-raised px-3 py-2 transition-colors hover:bg-hover has-data-checked:border-accent has-data-checked:bg-accent-wash has-data-disabled:cursor-not-allowed has-data-disabled:opacity-50',
            isRow && 'flex-1',
          )}
        >
          <Radio.Root
            value={each.value}
            disabled={each.isDisabled}
            className="mt-0.5 grid size-4 shrink-0 place-items-center rounded-full border border-line-strong bg-raised data-checked:border-accent data-checked:bg-accent"
          >
            <Radio.Indicator className="size-1.5 rounded-full bg-on-accent data-unchecked:hidden" />
          </Radio.Root>
          <span className="min-w-0">
            <span className="block font-medium">{each.label}</span>
            {each.note ? <span className="block text-sm text-ink-soft">{each.note}</span> : null}
          </span>
        </label>
      ))}
    </RadioGroup>
  )
}
