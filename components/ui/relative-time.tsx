'use client'

import { useEffect, useState } from 'react'
import { absoluteTime, relativeTime } from '#components/ui/relative-time.model.ts'

/** How long ago; the exact time on hover. Counts on by itself, once a minute. */
export function RelativeTime({ at, className }: { at: string; className?: string }) {
  const instant = Date.parse(at)
  const [now, setNow] = useState(() => Date.now())

  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000)
    return () => clearInterval(timer)
  }, [])

  return (
    // Server and browser read their own clocks and zones, so the first text may differ by a minute.
    <time dateTime={at} title={absoluteTime(instant)} className={className} suppressHydrationWarning>
      {relativeTime(instant, now)}
    </time>
  )
}
