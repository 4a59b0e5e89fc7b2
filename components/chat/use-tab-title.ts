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

/** True when `count` has grown while nobody looked, until somebody does. */
export function useUnread(count: number, isLoaded: boolean): boolean {
  const [seen, setSeen] = useState<number | null>(null)
  useEffect(() => {
    if (!isLoaded) return
    const look = () => {
      if (document.visibilityState === 'visible') setSeen(count)
    }
    setSeen((now) => now ?? count)
    look()
    document.addEventListener('visibilitychange', look)
    return () => document.removeEventListener('visibilitychange', look)
  }, [count, isLoaded])
  return seen !== null && count > seen
}
