'use client'

import { useCallback, useEffect, useEffectEvent, useRef, useState } from 'react'
import { z } from 'zod'
import { FailureCodeSchema } from '#core/chat/events.ts'
import { TurnId, uuidV7, type ChatId } from '#core/ids.ts'
import type { Turn } from '#core/chat/view.ts'
import type { Outgoing } from '#components/chat/timeline.model.ts'
import { failureOf } from '#components/failures/failure.ts'
import { useTRPCClient } from '#components/trpc/trpc.ts'

const Kept = z.array(
  z.object({
    turnId: TurnId,
    text: z.string(),
    sentAt: z.iso.datetime(),
    state: z.enum(['sending', 'waiting', 'failed']),
    code: FailureCodeSchema.nullable(),
  }),
)

export type OutgoingPrompts = {
  outgoing: readonly Outgoing[]
  send: (text: string) => void
  /** The same id again: what did arrive after all is not stored twice. */
  retry: (turnId: TurnId) => void
  discard: (turnId: TurnId) => void
}

/**
 * Prompts on their way to the log. They are kept in this browser until the log has
 * them, so neither a reload nor a lost connection swallows one. What met no server goes
 * out by itself once the chat is live again; what the server refuses with a reason goes
 * back to the composer through `onRefused`.
 */
export function useOutgoing({
  chatId,
  turns,
  isLive,
  catchUp,
  onRefused,
}: {
  chatId: ChatId
  turns: readonly Turn[]
  isLive: boolean
  catchUp: () => Promise<void>
  onRefused: (text: string, error: unknown) => boolean
}): OutgoingPrompts {
  const client = useTRPCClient()
  const storageKey = `gatehouse:outgoing:${chatId}`
  const [outgoing, setOutgoing] = useState<readonly Outgoing[]>([])
  const isRestored = useRef(false)

  useEffect(() => {
    // A prompt that was under way when the page closed may or may not have arrived: Retry finds out.
    const kept = readKept(storageKey).map((each) => ({ ...each, state: 'failed' as const }))
    if (kept.length > 0) setOutgoing((now) => [...kept, ...now])
    isRestored.current = true
  }, [storageKey])

  useEffect(() => {
    if (isRestored.current) keep(storageKey, outgoing)
  }, [storageKey, outgoing])

  useEffect(() => {
    const stored = new Set<string>(turns.map((turn) => turn.turnId))
    setOutgoing((now) => (now.some((each) => stored.has(each.turnId)) ? now.filter((each) => !stored.has(each.turnId)) : now))
  }, [turns])

  const drop = useCallback((turnId: TurnId) => setOutgoing((now) => now.filter((each) => each.turnId !== turnId)), [])
  const mark = useCallback(
    (turnId: TurnId, change: Partial<Outgoing>) =>
      setOutgoing((now) => now.map((each) => (each.turnId === turnId ? { ...each, ...change } : each))),
    [],
  )

  const deliver = useCallback(
    async ({ turnId, text }: Pick<Outgoing, 'turnId' | 'text'>) => {
      try {
        await client.chats.sendPrompt.mutate({ chatId, turnId, prompt: [{ type: 'text', text }] })
      } catch (error) {
        const failure = failureOf(error)
        if (failure.is === 'domain' && onRefused(text, error)) drop(turnId)
        else if (failure.is === 'unreachable') mark(turnId, { state: 'waiting', code: null })
        else mark(turnId, { state: 'failed', code: failure.is === 'domain' ? failure.code : null })
        return
      }
      // The log has it; when it is not in the view by now, somebody has already withdrawn it.
      await catchUp()
      drop(turnId)
    },
    [client, chatId, catchUp, onRefused, drop, mark],
  )

  const send = useCallback(
    (text: string) => {
      const nowMs = Date.now()
      const turnId = TurnId.parse(uuidV7({ nowMs, random: crypto.getRandomValues(new Uint8Array(10)) }))
      setOutgoing((now) => [...now, { turnId, text, sentAt: new Date(nowMs).toISOString(), state: 'sending', code: null }])
      void deliver({ turnId, text })
    },
    [deliver],
  )

  const retry = useCallback(
    (turnId: TurnId) => {
      const found = outgoing.find((each) => each.turnId === turnId)
      if (!found) return
      mark(turnId, { state: 'sending', code: null })
      void deliver(found)
    },
    [outgoing, deliver, mark],
  )

  const retryWaiting = useEffectEvent(async () => {
    const waiting = outgoing.filter((each) => each.state === 'waiting')
    for (const { turnId } of waiting) mark(turnId, { state: 'sending' })
    // One after the other, in the order in which they were written.
    for (const each of waiting) await deliver(each)
  })
  useEffect(() => {
    if (isLive) void retryWaiting()
    // A break that was shorter than the socket's patience.
    const onOnline = () => void retryWaiting()
    window.addEventListener('online', onOnline)
    return () => window.removeEventListener('online', onOnline)
  }, [isLive])

  return { outgoing, send, retry, discard: drop }
}

function readKept(storageKey: string): Outgoing[] {
  try {
    return Kept.parse(JSON.parse(localStorage.getItem(storageKey) ?? '[]'))
  } catch {
    return []
  }
}

function keep(storageKey: string, outgoing: readonly Outgoing[]): void {
  try {
    if (outgoing.length === 0) localStorage.removeItem(storageKey)
    else localStorage.setItem(storageKey, JSON.stringify(outgoing))
  } catch {
    // A full or forbidden storage costs the copy, not the prompt.
  }
}
