'use client'

import { FileDiff, GitBranch, Lock } from 'lucide-react'
import Link from 'next/link'
import { harnessName } from '#core/harnesses/registry.ts'
import { LineCounts } from '#components/chat/line-counts.tsx'
import { chatStatusLook } from '#components/projects/chat-status.ts'
import type { Task } from '#components/tasks/task-screen.tsx'
import { Badge } from '#components/ui/badge.tsx'
import { Section } from '#components/ui/section.tsx'

type TaskChat = Task['chats'][number]

/** What was started for the task, the newest first, each with the way to what it changed. */
export function TaskChats({ task }: { task: Task }) {
  if (task.chats.length === 0) return null
  return (
    <Section title={task.chats.length === 1 ? 'Chat' : 'Chats'}>
      <ul className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-raised">
        {task.chats.map((chat, at) => (
          <li
            key={chat.chatId ?? `unseen-${task.chats.length - at}`}
            className="flex min-h-15 flex-wrap items-center gap-x-4 gap-y-2 px-4 py-2.5"
          >
            <ChatLine chat={chat} projectId={task.projectId} />
          </li>
        ))}
      </ul>
    </Section>
  )
}

function ChatLine({ chat, projectId }: { chat: TaskChat; projectId: string }) {
  const { seen, chatId } = chat
  if (!seen || !chatId) {
    return (
      <>
        <p className="flex min-w-0 flex-1 items-center gap-2 text-ink-soft">
          <Lock aria-hidden className="size-4 shrink-0 text-ink-quiet" />A private chat of {chat.createdByName}
        </p>
        <How chat={chat} />
      </>
    )
  }
  const href = `/projects/${encodeURIComponent(projectId)}/chats/${chatId}`
  return (
    <>
      <div className="min-w-0 flex-1 basis-48">
        <Link href={href} className="touch-target block truncate rounded-xs font-medium hover:underline hover:underline-offset-4">
          {seen.title || 'New chat'}
        </Link>
        <p className="flex min-w-0 flex-wrap items-center gap-x-2 text-sm text-ink-quiet">
          <span>{[harnessName(seen.harness), seen.model, chat.createdByName].filter(Boolean).join(' · ')}</span>
          {seen.branch ? (
            <span className="inline-flex min-w-0 items-center gap-1 font-mono text-xs">
              <GitBranch aria-hidden className="size-3 shrink-0" />
              <span className="truncate">{seen.branch}</span>
            </span>
          ) : null}
        </p>
      </div>
      {chat.changes ? (
        <Link
          href={`${href}?panel=changes`}
          className="touch-target inline-flex h-7 items-center gap-2 rounded-md border border-line px-2 text-sm text-ink-soft transition-colors hover:bg-hover hover:text-ink"
        >
          <FileDiff aria-hidden className="size-3.5 text-ink-quiet" />
          {chat.changes.files === 1 ? '1 file' : `${chat.changes.files} files`}
          <LineCounts added={chat.changes.added} removed={chat.changes.removed} />
        </Link>
      ) : null}
      <How chat={chat} />
    </>
  )
}

function How({ chat }: { chat: TaskChat }) {
  if (chat.isArchived) return <Badge>Archived</Badge>
  if (chat.status === 'idle')
    return <span className="text-sm text-ink-quiet">{chat.lastOutcome ? outcomes[chat.lastOutcome] : 'No prompt yet'}</span>
  const { tone, word } = chatStatusLook[chat.status]
  return <Badge tone={tone}>{word}</Badge>
}

const outcomes = { completed: 'Ended', cancelled: 'Stopped', interrupted: 'Interrupted', refused: 'Declined', failed: 'Failed' } as const
