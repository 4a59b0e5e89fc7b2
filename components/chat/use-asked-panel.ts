'use client'

import { useSearchParams } from 'next/navigation'
import { useEffect, useEffectEvent } from 'react'

/** A link to a chat's changes (`?panel=changes`) opens them beside it, once. */
export function useAskedPanel(open: () => void): void {
  const isAsked = useSearchParams().get('panel') === 'changes'
  const onAsked = useEffectEvent(open)
  useEffect(() => {
    if (isAsked) onAsked()
  }, [isAsked])
}
