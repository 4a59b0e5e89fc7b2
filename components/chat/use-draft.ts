'use client'

import { useCallback, useEffect, useRef, useState } from 'react'
import type { ChatId } from '#core/ids.ts'

export type Draft = {
  text: string
  change: (text: string) => void
  /** Puts a refused prompt back; false when something else is typed by now. */
  putBack: (text: string) => boolean
}

/** What is typed and not sent, kept per chat in this browser: a reload loses nothing. */
export function useDraft(chatId: ChatId): Draft {
  const storageKey = `gatehouse:draft:${chatId}`
  const [text, setText] = useState('')
  const newest = useRef('')

  const change = useCallback(
    (next: string) => {
      newest.current = next
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
  const putBack = useCallback(
    (refused: string) => {
      if (newest.current !== '') return false
      change(refused)
      return true
    },
    [change],
  )

  useEffect(() => {
    const kept = read(storageKey)
    if (kept) putBack(kept)
  }, [storageKey, putBack])

  return { text, change, putBack }
}

function read(storageKey: string): string | null {
  try {
    return localStorage.getItem(storageKey)
  } catch {
    return null
  }
}
