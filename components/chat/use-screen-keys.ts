'use client'

import { useEffect, useEffectEvent } from 'react'

/** Keys that hold wherever the focus is on this screen, except in a dialog, a menu, or another field. */
export function useScreenKeys(acts: { stop: () => void; approve: () => void }): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return
    const target = event.target instanceof Element ? event.target : null
    if (target?.closest('input, textarea, select, [contenteditable], [role=dialog], [role=menu], [role=listbox], .popup')) return
    if (event.key === 'Escape') acts.stop()
    if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) acts.approve()
  })
  useEffect(() => {
    const listen = (event: KeyboardEvent) => onKey(event)
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [])
}
