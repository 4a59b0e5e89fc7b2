'use client'

import { useCallback, useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()

/** A yes or no that this browser remembers. The server, which cannot know, says `initial`. */
export function useStoredFlag(name: string, initial: boolean): readonly [boolean, (next: boolean) => void] {
  const key = `gatehouse.${name}`
  const value = useSyncExternalStore(
    (notify) => {
      listeners.add(notify)
      return () => listeners.delete(notify)
    },
    () => read(key) ?? initial,
    () => initial,
  )
  const set = useCallback(
    (next: boolean) => {
      write(key, next)
      for (const notify of listeners) notify()
    },
    [key],
  )
  return [value, set]
}

/** Storage may be forbidden or full; then the flag lives until the page is left. */
const unsaved = new Map<string, boolean>()

function read(key: string): boolean | null {
  try {
    const stored = localStorage.getItem(key)
    return stored === null ? (unsaved.get(key) ?? null) : stored === 'yes'
  } catch {
    return unsaved.get(key) ?? null
  }
}

function write(key: string, value: boolean): void {
  unsaved.set(key, value)
  try {
    localStorage.setItem(key, value ? 'yes' : 'no')
  } catch {
    // Remembered in memory above.
  }
}
