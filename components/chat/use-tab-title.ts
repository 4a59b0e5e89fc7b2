'use client'

import { useEffect, useState } from 'react'
import { type OpenChatStatus, tabTitle } from '#components/chat/status.model.ts'

/** The tab says how the chat stands, also while it is in the background. */
export function useTabTitle(status: OpenChatStatus, title: string): void {
  const words = tabTitle(status, title)
  useEffect(() => {
    document.title = words
    // The router writes the page's own title after a navigation or a refresh: ours comes last.
    const observer = new MutationObserver(() => {
      if (document.title !== words) document.title = words
    })
    observer.observe(document.head, { childList: true, subtree: true, characterData: true })
    return () => observer.disconnect()
  }, [words])
}

/** True when there is another newest thing than there was when somebody looked last. */
export function useUnread(newest: string | null, isLoaded: boolean): boolean {
  const [seen, setSeen] = useState<{ newest: string | null } | null>(null)
  useEffect(() => {
    if (!isLoaded) return
    const look = () => {
      if (document.visibilityState === 'visible') setSeen({ newest })
    }
    setSeen((now) => now ?? { newest })
    look()
    document.addEventListener('visibilitychange', look)
    return () => document.removeEventListener('visibilitychange', look)
  }, [newest, isLoaded])
  return seen !== null && newest !== seen.newest
}
