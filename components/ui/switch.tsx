'use client'

import { Switch as Base } from '@base-ui/react/switch'

/** On or off, at once. `label` is read aloud; the word beside it says the same. */
export function Switch({
  isOn,
  onChange,
  label,
  isDisabled,
}: {
  isOn: boolean
  onChange: (isOn: boolean) => void
  label: string
  isDisabled?: boolean
}) {
  return (
    <Base.Root
      checked={isOn}
      onCheckedChange={onChange}
      disabled={isDisabled}
      aria-label={label}
      className="relative h-5 w-8.5 shrink-0 rounded-full border border-line-strong bg-sunken p-0.5 transition-colors data-checked:border-accent data-checked:bg-accent data-disabled:opacity-50 touch:before:absolute touch:before:-inset-3"
    >
      <Base.Thumb className="block size-3.5 rounded-full bg-line-strong transition-transform data-checked:translate-x-3.5 data-checked:bg-on-accent" />
    </Base.Root>
  )
}
