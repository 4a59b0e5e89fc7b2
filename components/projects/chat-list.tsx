'use client'

import Link from 'next/link'
import { harnessName } from '#core/harnesses/registry.ts'
import { type ChatRow, chatStatusLook } from '#components/projects/chat-status.ts'
import { PinMark } from '#components/projects/pin-mark.tsx'
import { PrivateMark } from '#components/projects/private-mark.tsx'
import { Badge } from '#components/ui/badge.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'

/** Chats as rows: what it is about, whose it is, and how it stands. */
export function ChatList({ chats, hasProject = false }: { chats: readonly ChatRow[]; hasProject?: boolean }) {
  return (
    <ul className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-raised">
      {chats.map((chat) => (
        <li key={chat.chatId}>
          <Link
            href={`/projects/${encodeURIComponent(chat.projectId)}/chats/${chat.chatId}`}
            className="flex min-h-15 items-center gap-4 px-4 py-2.5 transition-colors outline-offset-[-2px] hover:bg-hover"
          >
            <span className="min-w-0 flex-1">
              <span className="flex items-baseline gap-3">
                <span className="flex min-w-0 flex-1 items-baseline gap-1.5">
                  <span className="truncate font-medium">{chat.title || 'New chat'}</span>
                  <PinMark chat={chat} />
                  <PrivateMark chat={chat} />
                </span>
                <RelativeTime at={chat.lastActivityAt} className="figures shrink-0 text-xs text-ink-quiet sm:hidden" />
              </span>
              <span className="flex items-center gap-3">
                <span className="min-w-0 flex-1 truncate text-sm text-ink-quiet">
                  {[hasProject ? chat.projectName : null, harnessName(chat.harness), chat.createdByName].filter(Boolean).join(' · ')}
                </span>
                <ChatBadge chat={chat} className="sm:hidden" />
              </span>
            </span>
            <ChatBadge chat={chat} className="max-sm:hidden" />
            <RelativeTime at={chat.lastActivityAt} className="figures w-20 shrink-0 text-right text-xs text-ink-quiet max-sm:hidden" />
          </Link>
        </li>
      ))}
    </ul>
  )
}

function ChatBadge({ chat, className }: { chat: ChatRow; className: string }) {
  if (chat.status === 'idle') return null
  const { tone, word } = chatStatusLook[chat.status]
  return (
    <Badge tone={tone} className={className}>
      {word}
      {chat.status === 'waiting' && chat.waitingFor > 1 ? ` (${chat.waitingFor})` : ''}
    </Badge>
  )
}
