'use client'

import { useEffect, useRef, useState } from 'react'
import type { Turn } from '#core/chat/view.ts'
import { hasEnded } from '#core/chat/fold-turn.ts'
import { askingAbout, askingWords, type AskingItem } from '#components/chat/asking.model.ts'
import { endWords } from '#components/chat/turn-words.model.ts'

/** Speaks of the end of a turn and of a question, of nothing else: a token is no news. */
export function Announcer({
  turns,
  questions,
  agent,
  nameOf,
  isLoaded,
}: {
  turns: readonly Turn[]
  questions: readonly AskingItem[]
  agent: string
  nameOf: (userId: string) => string
  isLoaded: boolean
}) {
  const [said, setSaid] = useState('')
  const [asked, setAsked] = useState('')
  const endedBefore = useRef<number | null>(null)
  const ended = turns.filter(hasEnded)
  const count = ended.length
  const newest = ended.at(-1)

  useEffect(() => {
    if (!isLoaded) return
    if (endedBefore.current !== null && count > endedBefore.current && newest) setSaid(`${agent}: ${endWords(newest, nameOf)}`)
    endedBefore.current = count
  }, [isLoaded, count, newest, agent, nameOf])

  const first = questions[0]
  useEffect(() => setAsked(first ? `${askingWords(first, agent)}: ${askingAbout(first)}` : ''), [first, agent])

  return (
    <div className="sr-only">
      <p role="status">{said}</p>
      <p role="alert">{asked}</p>
    </div>
  )
}
