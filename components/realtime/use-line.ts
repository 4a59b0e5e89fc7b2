'use client'

import { useEffect, useState } from 'react'
import { browserSocket } from '#components/realtime/socket.ts'

/** Whether what the lists show can be trusted to be fresh. `since` is when the line was lost. */
export type Line = { is: 'fine' } | { is: 'reconnecting' } | { is: 'offline'; since: number }

/** A blink is not worth a word; after this long it is. */
const SAY_AFTER_MS = 2_000
const OFFLINE_AFTER_MS = 12_000

/** Watches the shared socket. */
export function useLine(): Line {
  const [line, setLine] = useState<Line>({ is: 'fine' })

  useEffect(() => {
    const socket = browserSocket()
    let timers: ReturnType<typeof setTimeout>[] = []
    const calm = () => {
      for (const timer of timers) clearTimeout(timer)
      timers = []
    }
    const onLost = () => {
      if (timers.length > 0) return
      const since = Date.now()
      timers = [
        setTimeout(() => setLine({ is: 'reconnecting' }), SAY_AFTER_MS),
        setTimeout(() => setLine({ is: 'offline', since }), OFFLINE_AFTER_MS),
      ]
    }
    const onFound = () => {
      calm()
      setLine({ is: 'fine' })
    }
    if (!socket.connected) onLost()
    socket.on('connect', onFound)
    socket.on('disconnect', onLost)
    return () => {
      calm()
      socket.off('connect', onFound)
      socket.off('disconnect', onLost)
    }
  }, [])
  return line
}
