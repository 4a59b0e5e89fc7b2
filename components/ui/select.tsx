'use client'

import { Select as Base } from '@base-ui/react/select'
import { Check, ChevronsUpDown } from 'lucide-react'
import type { ReactNode } from 'react'
import { classNames } from '#components/ui/class-names.ts'
import { fieldLook } from '#components/ui/input.tsx'

export type Choice<V extends string = string> = { value: V; label: string; note?: ReactNode; icon?: ReactNode; isDisabled?: boolean }

export type SelectProps<V extends string> = {
  choices: readonly Choice<V>[]
  value: V | null
  onChange: (value: V) => void
  placeholder?: string
  /** Needed where no `Field` labels it. */
  label?: string
  size?: 'sm' | 'md'
  /** `plain` has no border until hovered: for toolbars. */
  look?: 'field' | 'plain'
  isDisabled?: boolean
  className?: string
  id?: string
  'aria-describedby'?: string
  'aria-invalid'?: boolean
}

/** Chooses one of a few. */
export function Select<V extends string>({
  choices,
  value,
  onChange,
  placeholder,
  label,
  size = 'md',
  look = 'field',
  isDisabled,
  className,
  ...aria
}: SelectProps<V>) {
  return (
    <Base.Root
      items={choices.map((each) => ({ value: each.value, label: each.label }))}
      value={value}
      onValueChange={(next) => next !== null && onChange(next as V)}
      disabled={isDisabled}
      modal={false}
    >
      <Base.Trigger
        {...aria}
        aria-label={label}
        className={classNames(
          'touch-target flex items-center justify-between gap-2 text-left',
          look === 'field'
            ? fieldLook
            : 'rounded-md px-2 text-ink-soft transition-colors hover:bg-hover hover:text-ink data-disabled:opacity-60 data-disabled:hover:bg-transparent',
          size === 'sm' ? 'h-7 text-sm' : 'h-9 text-base',
          className,
        )}
      >
        <Base.Value className="min-w-0 truncate data-placeholder:text-ink-quiet" placeholder={placeholder ?? 'Choose…'} />
        <Base.Icon className="text-ink-quiet">
          <ChevronsUpDown aria-hidden className="size-3.5" />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={4} alignItemWithTrigger={false} className="z-50 outline-none">
          <Base.Popup className="popup min-w-(--anchor-width) max-w-[min(28rem,calc(100vw-2rem))]">
            <Base.List className="thin-scroll max-h-(--available-height) overflow-y-auto p-1">
              {choices.map((each) => (
                <Base.Item key={each.value} value={each.value} disabled={each.isDisabled} className="popup-item">
                  {each.icon}
                  <span className="min-w-0 flex-1">
                    <Base.ItemText className="block truncate">{each.label}</Base.ItemText>
                    {each.note ? <span className="block text-xs text-ink-quiet">{each.note}</span> : null}
                  </span>
                  <Base.ItemIndicator className="text-accent-ink">
                    <Check aria-hidden className="size-4" />
                  </Base.ItemIndicator>
                </Base.Item>
              ))}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
