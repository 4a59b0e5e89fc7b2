'use client'

import { Tabs as Base } from '@base-ui/react/tabs'
import type { ReactNode } from 'react'
import { classNames } from '#components/ui/class-names.ts'

export type Tab<V extends string = string> = { value: V; label: ReactNode; count?: number; panel: ReactNode }

/** Tabs with a sliding underline. Controlled with `value`, or not with `initial`. */
export function Tabs<V extends string>({
  tabs,
  value,
  initial,
  onChange,
  label,
  className,
  panelClassName,
}: {
  tabs: readonly Tab<V>[]
  value?: V
  initial?: V
  onChange?: (value: V) => void
  label: string
  className?: string
  panelClassName?: string
}) {
  return (
    <Base.Root
      value={value}
      defaultValue={initial ?? tabs[0]?.value}
      onValueChange={(next) => onChange?.(next as V)}
      className={classNames('flex min-h-0 flex-col', className)}
    >
      <Base.List aria-label={label} className="no-scrollbar relative flex shrink-0 gap-1 overflow-x-auto border-b border-line">
        {tabs.map((each) => (
          <Base.Tab
            key={each.value}
            value={each.value}
            className="touch-target flex h-10 shrink-0 items-center gap-1.5 rounded-t-md px-3 text-base text-ink-quiet transition-colors outline-offset-[-2px] hover:text-ink data-active:font-medium data-active:text-ink"
          >
            {each.label}
            {each.count ? <span className="figures rounded-full bg-sunken px-1.5 text-xs text-ink-soft">{each.count}</span> : null}
          </Base.Tab>
        ))}
        <Base.Indicator className="absolute bottom-0 left-0 h-0.5 w-(--active-tab-width) translate-x-(--active-tab-left) bg-accent transition-[translate,width] duration-150 ease-out" />
      </Base.List>
      {tabs.map((each) => (
        <Base.Panel key={each.value} value={each.value} className={classNames('min-h-0 flex-1 outline-offset-[-2px]', panelClassName)}>
          {each.panel}
        </Base.Panel>
      ))}
    </Base.Root>
  )
}
