'use client'

import { useSearchParams } from 'next/navigation'
import { type RefObject, useEffect, useRef } from 'react'
import type { TimelineHandle } from '#components/chat/timeline.tsx'
import { rowOfMessage, type Row } from '#components/chat/timeline.model.ts'
import { messageInAddress } from '#components/search/search.model.ts'

/** The row that the address names (somebody came from the search): scrolled to once, as soon as it is there. */
export function useMarkedRow({
  rows,
  isLoaded,
  timeline,
}: {
  rows: readonly Row[]
  isLoaded: boolean
  timeline: RefObject<TimelineHandle | null>
}): string | null {
  const place = messageInAddress(useSearchParams())
  const key = place && isLoaded ? rowOfMessage(rows, place) : null
  const shown = useRef<string | null>(null)
  useEffect(() => {
    if (key === null || shown.current === key) return
    shown.current = key
    // After the list itself has gone to its end, as it does when it is new.
    const frame = requestAnimationFrame(() => timeline.current?.show(key))
    return () => {
      cancelAnimationFrame(frame)
      shown.current = null
    }
  }, [key, timeline])
  return key
}
