'use client'

import { useSyncExternalStore } from 'react'
import { keyName } from '#components/shell/shortcuts.ts'
import { Kbd } from '#components/ui/kbd.tsx'

const never = () => () => {}

/** Keys in the words of this machine. */
export function ModKeys({ keys, className }: { keys: readonly string[]; className?: string }) {
  const platform = useSyncExternalStore(
    never,
    () => navigator.platform,
    () => '',
  )
  return <Kbd keys={keys.map((key) => keyName(key, platform))} className={className} />
}
