'use client'

import { ChevronRight } from 'lucide-react'
import Link from 'next/link'
import { chatStatusLook } from '#components/projects/chat-status.ts'
import { PinMark } from '#components/projects/pin-mark.tsx'
import { PrivateMark } from '#components/projects/private-mark.tsx'
import type { RailGroup } from '#components/shell/rail.model.ts'
import { useStoredFlag } from '#components/shell/stored-flag.ts'
import { Status } from '#components/ui/badge.tsx'
import { classNames } from '#components/ui/class-names.ts'

/** A project of the rail with its chats; folded or not as this browser remembers. */
export function RailProjectGroup({ group, place }: { group: RailGroup; place: { projectId: string | null; chatId: string | null } }) {
  const { project, chats, hidden, waiting } = group
  const [isOpen, setOpen] = useStoredFlag(`rail-project-${project.projectId}`, true)
  const href = `/projects/${encodeURIComponent(project.projectId)}`
  const isHere = place.projectId === project.projectId && !place.chatId
  const listId = `rail-${project.projectId}`

  return (
    <section aria-label={project.name}>
      <div className={classNames('flex items-center rounded-md transition-colors hover:bg-hover', isHere && 'bg-hover')}>
        <button
          type="button"
          aria-expanded={isOpen}
          aria-controls={listId}
          aria-label={`${isOpen ? 'Fold' : 'Unfold'} ${project.name}`}
          onClick={() => setOpen(!isOpen)}
          className="touch-target grid size-8 shrink-0 place-items-center rounded-md text-ink-quiet hover:text-ink"
        >
          <ChevronRight aria-hidden className={classNames('size-3.5 transition-transform', isOpen && 'rotate-90')} />
        </button>
        <Link
          href={href}
          aria-current={isHere ? 'page' : undefined}
          className="touch-target flex h-8 min-w-0 flex-1 items-center gap-2 rounded-md pr-2 font-medium text-ink"
        >
          <span className="truncate">{project.name}</span>
          {!isOpen && waiting > 0 ? <Status tone="warn">{waiting === 1 ? 'Needs you' : `${waiting} need you`}</Status> : null}
        </Link>
      </div>
      {isOpen ? (
        <ul id={listId} className="mb-1 ml-4 border-l border-line pl-1">
          {chats.map((chat) => (
            <li key={chat.chatId}>
              <Link
                href={`${href}/chats/${chat.chatId}`}
                aria-current={chat.chatId === place.chatId ? 'page' : undefined}
                className={classNames(
                  'touch-target flex h-7.5 items-center gap-2 rounded-md px-2 text-sm text-ink-soft transition-colors hover:bg-hover hover:text-ink',
                  chat.chatId === place.chatId && 'bg-accent-wash font-medium text-accent-ink',
                )}
              >
                <span className="min-w-0 flex-1 truncate">{chat.title || 'New chat'}</span>
                <PinMark chat={chat} />
                <PrivateMark chat={chat} />
                {chat.status === 'idle' ? null : (
                  <Status tone={chatStatusLook[chat.status].tone} isLive={chatStatusLook[chat.status].isLive}>
                    {chatStatusLook[chat.status].word}
                  </Status>
                )}
              </Link>
            </li>
          ))}
          {hidden > 0 ? (
            <li>
              <Link
                href={href}
                className="touch-target flex h-7.5 items-center rounded-md px-2 text-sm text-ink-quiet hover:bg-hover hover:text-ink"
              >
                {hidden} more
              </Link>
            </li>
          ) : null}
          {chats.length === 0 ? (
            <li>
              <Link
                href={href}
                className="touch-target flex h-7.5 items-center rounded-md px-2 text-sm text-ink-quiet hover:bg-hover hover:text-ink"
              >
                Start a chat
              </Link>
            </li>
          ) : null}
        </ul>
      ) : null}
    </section>
  )
}
