'use client'

import { useEffect, useRef, useState } from 'react'
import type { AskingItem } from '#core/chat/asking.ts'
import type { Turn } from '#core/chat/view.ts'
import { hasEnded } from '#core/chat/fold-turn.ts'
import { askingAbout, askingWords } from '#components/chat/asking.model.ts'
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
  const endedBefore = useRef<{ turnId: string | undefined } | null>(null)
  const newest = turns.findLast(hasEnded)

  useEffect(() => {
    if (!isLoaded) return
    if (endedBefore.current !== null && newest && newest.turnId !== endedBefore.current.turnId)
      setSaid(`${agent}: ${endWords(newest, nameOf)}`)
    endedBefore.current = { turnId: newest?.turnId }
  }, [isLoaded, newest, agent, nameOf])

  const first = questions[0]
  useEffect(() => setAsked(first ? `${askingWords(first, agent)}: ${askingAbout(first)}` : ''), [first, agent])

  return (
    <div className="sr-only">
      <p role="status">{said}</p>
      <p role="alert">{asked}</p>
    </div>
  )
}
