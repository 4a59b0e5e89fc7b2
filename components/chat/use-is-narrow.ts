'use client'

import { useSyncExternalStore } from 'react'

/** Below this the panel lies over the chat; the same edge as Tailwind's `lg` in `chat-panel.tsx`. */
const NARROW = '(max-width: 1023px)'

/** Whether there is room for one column only. The server guesses a wide window. */
export function useIsNarrow(): boolean {
  return useSyncExternalStore(
    (changed) => {
      const query = window.matchMedia(NARROW)
      query.addEventListener('change', changed)
      return () => query.removeEventListener('change', changed)
    },
    () => window.matchMedia(NARROW).matches,
    () => false,
  )
}
