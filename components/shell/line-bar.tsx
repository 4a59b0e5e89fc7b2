'use client'

import { WifiOff } from 'lucide-react'
import { browserSocket } from '#components/realtime/socket.ts'
import { useLine } from '#components/realtime/use-line.ts'
import { Button } from '#components/ui/button.tsx'
import { Spinner } from '#components/ui/spinner.tsx'

/** Says that what the lists show may be old. A chat says so itself, about its own log. */
export function LineBar() {
  const line = useLine()
  if (line.is === 'fine') return null
  if (line.is === 'reconnecting') {
    return (
      <output className="flex h-8 shrink-0 items-center justify-center gap-2 border-b border-line bg-sunken text-sm text-ink-soft">
        <Spinner className="size-3.5" /> Reconnecting…
      </output>
    )
  }
  const at = new Date(line.since).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
  return (
    <output className="flex min-h-9 shrink-0 items-center justify-center gap-2 border-b border-line bg-warn-wash px-4 text-sm text-warn-ink">
      <WifiOff aria-hidden className="size-3.5" /> Offline, last update {at}
      <Button size="sm" variant="link" className="ml-1 text-warn-ink" onClick={() => browserSocket().disconnect().connect()}>
        Retry
      </Button>
    </output>
  )
}
