'use client'

import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { z } from 'zod'
import { browserEvents, ListHint } from '#core/links/browser.ts'
import { browserSocket } from '#components/realtime/socket.ts'

/** Which routers hold what a hint says has changed. */
const routersOf = {
  // A task stands as its chats do.
  chats: ['chats', 'projects', 'tasks'],
  // A chat says who pays for it.
  connections: ['connections', 'credentials', 'configurations', 'attachments', 'models', 'chats', 'signIns'],
  nodes: ['nodes'],
  members: ['team', 'me'],
  models: ['models'],
  usage: ['usage'],
  budgets: ['budgets'],
  tasks: ['tasks', 'templates', 'triggers'],
} as const satisfies Record<z.infer<typeof ListHint>['topic'], readonly string[]>

/** Keeps lists fresh: a hint, a reconnection, and nothing else makes them ask again. */
export function useListHints(): void {
  const queryClient = useQueryClient()

  useEffect(() => {
    const socket = browserSocket()
    const refetch = (routers: readonly string[]) =>
      void queryClient.invalidateQueries({
        predicate: ({ queryKey }) => Array.isArray(queryKey[0]) && routers.includes(String(queryKey[0][0])),
      })
    const onHint = (message: unknown) => {
      const hint = ListHint.safeParse(message)
      if (hint.success) refetch(routersOf[hint.data.topic])
    }
    // Hints that came while the line was down are lost, so everything may be stale.
    let wasConnected = socket.connected
    const onConnect = () => {
      if (wasConnected) refetch(Object.values(routersOf).flat())
      wasConnected = true
    }
    socket.on(browserEvents.hint, onHint)
    socket.on('connect', onConnect)
    return () => {
      socket.off(browserEvents.hint, onHint)
      socket.off('connect', onConnect)
    }
  }, [queryClient])
}
