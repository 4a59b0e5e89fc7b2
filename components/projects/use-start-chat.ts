'use client'

import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useRef, useState } from 'react'
import { uuidV7 } from '#core/ids.ts'
import { useTRPC, useTRPCClient } from '#components/trpc/trpc.ts'

export type ChatStart = { harness: string; model: string | null; text: string }

/**
 * Makes a chat, sends its first prompt and goes there. When the second step fails, a
 * further try uses the same chat and the same turn, so nothing is started twice.
 */
export function useStartChat(projectId: string): {
  start: (wanted: ChatStart) => void
  isBusy: boolean
  error: unknown
  reset: () => void
} {
  const client = useTRPCClient()
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const router = useRouter()
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const begun = useRef<{ key: string; chatId: string; turnId: string } | null>(null)

  const run = async ({ harness, model, text }: ChatStart) => {
    const key = `${harness} ${model ?? ''}`
    if (begun.current?.key !== key) {
      const { chatId } = await client.chats.create.mutate({ projectId, harness, ...(model ? { model } : {}) })
      begun.current = { key, chatId, turnId: mintTurnId() }
    }
    const { chatId, turnId } = begun.current
    await client.chats.sendPrompt.mutate({ chatId, turnId, prompt: [{ type: 'text', text }] })
    void queryClient.invalidateQueries(trpc.chats.list.pathFilter())
    router.push(`/projects/${encodeURIComponent(projectId)}/chats/${chatId}`)
  }

  const start = (wanted: ChatStart) => {
    setBusy(true)
    setError(null)
    // It stays busy on success: the next thing seen is the chat.
    run(wanted).catch((failure: unknown) => {
      setError(failure)
      setBusy(false)
    })
  }
  return { start, isBusy, error, reset: () => setError(null) }
}

const mintTurnId = () => uuidV7({ nowMs: Date.now(), random: crypto.getRandomValues(new Uint8Array(10)) })
