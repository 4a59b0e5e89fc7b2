'use client'

import { useEffect, useEffectEvent, useState } from 'react'
import type { ChatId } from '#core/ids.ts'
import { browserEvents, PRESENCE_EVERY_MS, Presence } from '#core/links/browser.ts'
import { browserSocket } from '#components/realtime/socket.ts'

export type Present = Presence['people'][number]

type Options = {
  chatId: ChatId
  isTyping: boolean
  /** The server listens to those alone who follow the chat. */
  isFollowing: boolean
}

/** Who is here and who types. A guess that heals itself: never in the log, forgotten after a few seconds of silence. */
export function usePresence({ chatId, isTyping, isFollowing }: Options): readonly Present[] {
  const [people, setPeople] = useState<readonly Present[]>([])

  useEffect(() => {
    const socket = browserSocket()
    const onPeople = (message: unknown) => {
      const presence = Presence.safeParse(message)
      if (presence.success && presence.data.chatId === chatId) setPeople(presence.data.people)
    }
    socket.on(browserEvents.people, onPeople)
    return () => {
      socket.off(browserEvents.people, onPeople)
    }
  }, [chatId])

  const say = useEffectEvent(() => {
    const socket = browserSocket()
    if (isFollowing && document.visibilityState === 'visible' && socket.connected) {
      socket.volatile.emit(browserEvents.presence, { chatId, isTyping })
    }
  })
  useEffect(() => {
    const timer = setInterval(() => say(), PRESENCE_EVERY_MS)
    return () => clearInterval(timer)
  }, [])
  // At once when it changes, so that nobody waits for the next beat.
  useEffect(() => say(), [chatId, isTyping, isFollowing])

  return people
}
