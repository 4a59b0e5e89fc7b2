'use client'

import { CalendarClock } from 'lucide-react'
import { useState } from 'react'
import { dueWords, localDay } from '#components/tasks/board.model.ts'
import { classNames } from '#components/ui/class-names.ts'
import { toneText } from '#components/ui/tone.ts'

/** When it is due, as the reader's calendar has it; what is closed is not late any more. */
export function DueMark({ dueOn, isClosed, className }: { dueOn: string; isClosed: boolean; className?: string }) {
  const [today] = useState(() => localDay(new Date()))
  const { words, tone } = dueWords(dueOn, today)
  return (
    // Server and browser may be in different zones, and so on different days.
    <time
      dateTime={dueOn}
      suppressHydrationWarning
      className={classNames('inline-flex items-center gap-1 whitespace-nowrap', toneText[isClosed ? 'quiet' : tone], className)}
    >
      <CalendarClock aria-hidden className="size-3.5 shrink-0" />
      {words}
    </time>
  )
}
