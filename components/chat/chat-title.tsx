'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Pencil } from 'lucide-react'
import { useState } from 'react'
import type { ChatId } from '#core/ids.ts'
import { wordsOf } from '#components/failures/failure.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { toast } from '#components/ui/toast.tsx'

/** The name of the chat, changed in place: Enter keeps, Esc gives up. */
export function ChatTitle({ chatId, title, canRename }: { chatId: ChatId; title: string; canRename: boolean }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [typed, setTyped] = useState<string | null>(null)
  const rename = useMutation(
    trpc.chats.rename.mutationOptions({
      onSettled: () => queryClient.invalidateQueries(trpc.chats.pathFilter()),
      onError: (error) => toast.error('The chat keeps its name', { description: wordsOf(error).sentence }),
    }),
  )
  const shown = rename.isPending ? rename.variables.title : title || 'New chat'
  const keep = () => {
    const next = typed?.trim() ?? ''
    setTyped(null)
    if (next !== '' && next !== title) rename.mutate({ chatId, title: next.slice(0, 200) })
  }

  if (typed !== null) {
    return (
      <input
        aria-label="Name of the chat"
        autoFocus
        value={typed}
        maxLength={200}
        onFocus={(event) => event.target.select()}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={keep}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return
          if (event.key === 'Enter') keep()
          if (event.key === 'Escape') {
            event.stopPropagation()
            setTyped(null)
          }
        }}
        className="h-8 w-full max-w-md min-w-0 rounded-sm border border-line-strong bg-raised px-2 text-md font-semibold"
      />
    )
  }
  const heading = <h1 className="truncate text-md font-semibold tracking-[-0.01em]">{shown}</h1>
  if (!canRename) return heading
  return (
    <button
      type="button"
      title="Rename"
      onClick={() => setTyped(title)}
      className="group/title -mx-2 flex h-8 max-w-full min-w-0 items-center gap-1.5 rounded-sm px-2 text-left transition-colors hover:bg-hover"
    >
      {heading}
      <Pencil
        aria-hidden
        className="size-3.5 shrink-0 text-ink-quiet opacity-0 group-hover/title:opacity-100 group-focus-visible/title:opacity-100"
      />
      <span className="sr-only">Rename</span>
    </button>
  )
}
