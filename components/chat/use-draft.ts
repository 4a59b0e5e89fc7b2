'use client'

import { useCallback, useEffect, useState } from 'react'
import type { ChatId } from '#core/ids.ts'

/** What is typed and not sent, kept per chat in this browser: a reload loses nothing. */
export function useDraft(chatId: ChatId): [string, (text: string) => void] {
  const storageKey = `gatehouse:draft:${chatId}`
  const [text, setText] = useState('')

  useEffect(() => {
    const kept = read(storageKey)
    if (kept) setText((now) => now || kept)
  }, [storageKey])

  const change = useCallback(
    (next: string) => {
      setText(next)
      try {
        if (next === '') localStorage.removeItem(storageKey)
        else localStorage.setItem(storageKey, next)
      } catch {
        // A full or forbidden storage costs the copy, not the text.
      }
    },
    [storageKey],
  )
  return [text, change]
}

function read(storageKey: string): string | null {
  try {
    return localStorage.getItem(storageKey)
  } catch {
    return null
  }
}
