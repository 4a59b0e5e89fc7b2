'use client'

import { Monitor, Moon, Sun } from 'lucide-react'
import { useTheme } from 'next-themes'
import { useSyncExternalStore } from 'react'
import { classNames } from '#components/ui/class-names.ts'

const themes = [
  { value: 'light', label: 'Light', Icon: Sun },
  { value: 'dark', label: 'Dark', Icon: Moon },
  { value: 'system', label: 'System', Icon: Monitor },
] as const

const nothing = () => () => {}

/** Three small buttons, one pressed. The server does not know the theme, so none is pressed until the browser says. */
export function ThemeChoice() {
  const { theme, setTheme } = useTheme()
  const isMounted = useSyncExternalStore(
    nothing,
    () => true,
    () => false,
  )
  return (
    <fieldset className="flex items-center gap-0.5 rounded-md bg-sunken p-0.5">
      <legend className="sr-only">Theme</legend>
      {themes.map(({ value, label, Icon }) => (
        <button
          key={value}
          type="button"
          aria-pressed={isMounted && theme === value}
          onClick={() => setTheme(value)}
          className={classNames(
            'touch-target flex h-7 flex-1 items-center justify-center gap-1.5 rounded-sm px-2 text-xs text-ink-quiet hover:text-ink',
            isMounted && theme === value && 'bg-raised text-ink shadow-rest',
          )}
        >
          <Icon aria-hidden className="size-3.5" />
          {label}
        </button>
      ))}
    </fieldset>
  )
}
