'use client'

import { GitFork } from 'lucide-react'
import Link from 'next/link'
import type { ChatView } from '#core/chat/view.ts'
import type { Outputs } from '#components/trpc/trpc.ts'

/** Below the header of a fork: where it comes from, and word for word what its agent was told of that. */
export function ForkStrip({ forkedFrom, chat }: { forkedFrom: NonNullable<ChatView['forkedFrom']>; chat: Outputs['chats']['get'] }) {
  const source = chat.forkedFrom
  return (
    <details className="group/fork shrink-0 border-b border-line bg-sunken text-sm text-ink-soft">
      <summary className="touch-target flex min-h-9 cursor-pointer list-none items-center gap-2 px-4 sm:px-6 [&::-webkit-details-marker]:hidden">
        <GitFork aria-hidden className="size-3.5 shrink-0" />
        <span className="min-w-0 truncate">
          Forked from{' '}
          {source ? (
            <Link
              href={`/projects/${encodeURIComponent(chat.projectId)}/chats/${source.chatId}`}
              className="text-accent-ink underline decoration-accent/40 underline-offset-4 hover:decoration-accent"
            >
              {source.title || 'another chat'}
            </Link>
          ) : (
            'a chat that you do not see'
          )}
        </span>
        <span className="ml-auto shrink-0 text-xs text-ink-quiet underline decoration-line-strong underline-offset-4">
          <span className="group-open/fork:hidden">What it carries over</span>
          <span className="hidden group-open/fork:inline">Close</span>
        </span>
      </summary>
      <pre
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a long text in a box of its own is scrolled by keys too
        tabIndex={0}
        aria-label="What the agent is told of the former chat"
        className="thin-scroll max-h-[40dvh] overflow-auto border-t border-line px-4 py-3 font-mono text-xs break-words whitespace-pre-wrap sm:px-6"
      >
        {forkedFrom.context}
      </pre>
    </details>
  )
}
