'use client'

import { useEffect, useRef, useState } from 'react'
import type { ChatId } from '#core/ids.ts'
import { browserEvents, PRESENCE_EVERY_MS, Presence } from '#core/links/browser.ts'
import { browserSocket } from '#components/realtime/socket.ts'

export type Present = Presence['people'][number]

/** Who is here and who types. A guess that heals itself: never in the log, forgotten after a few seconds of silence. */
export function usePresence({
  chatId,
  isTyping,
  isFollowing,
}: {
  chatId: ChatId
  isTyping: boolean
  /** The server listens to those alone who follow the chat. */
  isFollowing: boolean
}): readonly Present[] {
  const [people, setPeople] = useState<readonly Present[]>([])
  const typing = useRef(isTyping)
  typing.current = isTyping

  useEffect(() => {
    const socket = browserSocket()
    const onPeople = (message: unknown) => {
      const presence = Presence.safeParse(message)
      if (presence.success && presence.data.chatId === chatId) setPeople(presence.data.people)
    }
    const say = () => {
      if (document.visibilityState === 'visible' && socket.connected)
        socket.volatile.emit(browserEvents.presence, { chatId, isTyping: typing.current })
    }
    socket.on(browserEvents.people, onPeople)
    const timer = setInterval(say, PRESENCE_EVERY_MS)
    return () => {
      clearInterval(timer)
      socket.off(browserEvents.people, onPeople)
    }
  }, [chatId])

  useEffect(() => {
    const socket = browserSocket()
    if (isFollowing && socket.connected) socket.volatile.emit(browserEvents.presence, { chatId, isTyping })
  }, [chatId, isTyping, isFollowing])

  return people
}
