'use client'

import { PanelRight } from 'lucide-react'
import type { ChatView } from '#core/chat/view.ts'
import type { ChatId } from '#core/ids.ts'
import { sayCached, sayCost, sayTokenFlow } from '#components/chat/amounts.model.ts'
import { totalsOf } from '#components/chat/changes.model.ts'
import { ChatMenu } from '#components/chat/chat-menu.tsx'
import { ChatPrivacy } from '#components/chat/chat-privacy.tsx'
import { ChatTitle } from '#components/chat/chat-title.tsx'
import { LineCounts } from '#components/chat/line-counts.tsx'
import { payerWords } from '#components/chat/payer.model.ts'
import { type OpenChatStatus, statusLooks } from '#components/chat/status.model.ts'
import type { Present } from '#components/chat/use-presence.ts'
import type { Outputs } from '#components/trpc/trpc.ts'
import { AvatarRow } from '#components/ui/avatar.tsx'
import { Badge, Status } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { Tooltip } from '#components/ui/tooltip.tsx'

type Props = {
  chatId: ChatId
  view: ChatView
  chat: Outputs['chats']['get']
  status: OpenChatStatus
  people: readonly Present[]
  isPanelOpen: boolean
  onTogglePanel: () => void
  onShowUsage: () => void
}

/** What this chat is, where it stands, who is here, who pays, what it has cost. */
export function ChatHeader({ chatId, view, chat, status, people, isPanelOpen, onTogglePanel, onShowUsage }: Props) {
  const look = statusLooks[status]
  // Of a subscription the payer's words say enough.
  const cost = view.usage.requests > 0 ? sayCost(view.usage) : null
  const used = [cost, sayTokenFlow(view.usage), sayCached(view.usage)].filter(Boolean).join(' · ')
  const payer = payerWords(chat.payer)
  const changed = view.changes && view.changes.files.length > 0 ? totalsOf(view.changes.files) : null
  return (
    <header className="@container flex min-h-14 shrink-0 items-center gap-3 border-b border-line bg-paper py-1.5 pr-2 pl-4 sm:pl-6">
      <div className="min-w-0 flex-1">
        <div className="flex min-w-0 items-center gap-3">
          <ChatTitle chatId={chatId} title={view.title || chat.title} canRename={chat.mayPrompt && !view.isArchived} />
          <Status tone={look.tone} isLive={look.isLive} className="hidden shrink-0 @md:inline-flex">
            {look.word}
          </Status>
        </div>
        <p className="flex min-w-0 items-center gap-1.5 text-xs text-ink-quiet">
          <Status tone={look.tone} isLive={look.isLive} className="shrink-0 @md:hidden">
            {look.word}
          </Status>
          <span aria-hidden className="@md:hidden">
            ·
          </span>
          <span className="shrink-0">{chat.harnessName}</span>
          {payer ? <span className="truncate before:mr-1.5 before:content-['·']">{payer}</span> : null}
          <ChatPrivacy chat={chat} />
          {view.run.is === 'live' && view.run.sandbox === 'none' ? (
            <Tooltip content="The agent runs without a sandbox: it can reach what its node can reach.">
              <button type="button" className="rounded-sm">
                <Badge tone="warn">Not isolated</Badge>
              </button>
            </Tooltip>
          ) : null}
        </p>
      </div>
      <div className="flex shrink-0 items-center gap-1 @md:gap-3">
        {people.length > 0 ? (
          <span className="hidden @md:inline-flex">
            <AvatarRow people={people} />
          </span>
        ) : null}
        {cost ? (
          <Tooltip content={`This chat so far: ${used}`}>
            <button
              type="button"
              aria-label={`Used so far: ${used}. Show the usage`}
              onClick={onShowUsage}
              className="touch-target figures -mx-1.5 rounded-md px-1.5 py-1 text-xs text-ink-soft hover:bg-hover hover:text-ink @lg:text-sm"
            >
              {cost}
            </button>
          </Tooltip>
        ) : null}
        <ChatMenu view={view} chat={chat} />
        <Button variant="quiet" aria-expanded={isPanelOpen} onClick={onTogglePanel} icon={<PanelRight aria-hidden />} className="px-2">
          <span className="sr-only">{isPanelOpen ? 'Close' : 'Open'} changes, plan, usage and details</span>
          {changed && !isPanelOpen ? (
            <LineCounts added={changed.added} removed={changed.removed} className="hidden @md:inline-flex" />
          ) : null}
        </Button>
      </div>
    </header>
  )
}
