'use client'

import { useSearchParams } from 'next/navigation'
import type { WindowPlace } from '#core/chat/window.ts'
import { TurnId } from '#core/ids.ts'
import { type RefObject, useEffect, useRef } from 'react'
import type { TimelineHandle } from '#components/chat/timeline.tsx'
import { rowOfMessage, type Row } from '#components/chat/timeline.model.ts'
import { messageInAddress } from '#components/search/search.model.ts'

/** The row that the address names (somebody came from the search): read if it is not here, and scrolled to once. */
export function useMarkedRow({
  rows,
  isLoaded,
  jump,
  timeline,
}: {
  rows: readonly Row[]
  isLoaded: boolean
  jump: (place: WindowPlace) => Promise<boolean>
  timeline: RefObject<TimelineHandle | null>
}): string | null {
  const place = messageInAddress(useSearchParams())
  const key = place && isLoaded ? rowOfMessage(rows, place) : null
  const [turnId, messageId] = [place?.turnId ?? null, place?.messageId ?? null]
  // Of a message that is not here, its prompt may be.
  const isElsewhere = isLoaded && turnId !== null && (key === null || (messageId !== null && key === `prompt:${turnId}`))
  const asked = useRef<string | null>(null)
  useEffect(() => {
    const wanted = `${turnId} ${messageId}`
    const parsed = TurnId.safeParse(turnId)
    if (!isElsewhere || asked.current === wanted || !parsed.success) return
    asked.current = wanted
    void jump({ is: 'around', turnId: parsed.data, key: messageId === null ? null : `reply ${messageId}` })
  }, [isElsewhere, turnId, messageId, jump])
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
