'use client'

import { WifiOff } from 'lucide-react'
import type { FeedLink } from '#components/chat/chat-feed.ts'
import { sayClock } from '#components/chat/amounts.model.ts'
import { Button } from '#components/ui/button.tsx'
import { Spinner } from '#components/ui/spinner.tsx'

/** Says that what is shown may be old. A short blink is not worth a word. */
export function ConnectionBar({ link, onRetry }: { link: FeedLink; onRetry: () => void }) {
  if (link.is === 'reconnecting') {
    return (
      <p role="status" className="flex h-8 shrink-0 items-center justify-center gap-2 border-b border-line bg-sunken text-sm text-ink-soft">
        <Spinner className="size-3.5" /> Reconnecting…
      </p>
    )
  }
  if (link.is !== 'offline') return null
  const since = link.lastUpdateAtMs === null ? '' : `, last update ${sayClock(new Date(link.lastUpdateAtMs).toISOString())}`
  return (
    <p
      role="status"
      className="flex min-h-9 shrink-0 items-center justify-center gap-2 border-b border-line bg-warn-wash px-4 text-sm text-warn-ink"
    >
      <WifiOff aria-hidden className="size-3.5" /> Offline{since}
      <Button size="sm" variant="link" className="ml-1 text-warn-ink" onClick={onRetry}>
        Retry
      </Button>
    </p>
  )
}
