'use client'

/** What can be done with a chat as a whole. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Archive, ArchiveRestore, Download, Ellipsis, GitFork, HandHelping, Pin, PinOff } from 'lucide-react'
import { useState } from 'react'
import type { ChatView } from '#core/chat/view.ts'
import { ForkDialog } from '#components/chat/fork-dialog.tsx'
import { HandOverDialog } from '#components/chat/hand-over-dialog.tsx'
import { isActive } from '#components/chat/timeline.model.ts'
import { wordsOf } from '#components/failures/failure.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useMay, useMe } from '#components/session/use-me.ts'
import { useTRPC, type Outputs } from '#components/trpc/trpc.ts'
import { ConfirmDialog } from '#components/ui/dialog.tsx'
import { Menu, MenuDownload, MenuItem, MenuSeparator } from '#components/ui/menu.tsx'
import { toast } from '#components/ui/toast.tsx'

type Props = { view: ChatView; chat: Outputs['chats']['get'] }

export function ChatMenu({ view, chat }: Props) {
  const { chatId } = chat
  const { user } = useMe()
  const may = useMay()
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [asking, setAsking] = useState<'archive' | 'fork' | 'hand-over' | null>(null)
  const after = {
    onSuccess: () => queryClient.invalidateQueries(trpc.chats.pathFilter()),
    onError: (error: unknown) => toast.error(wordsOf(error).sentence),
  }
  const pin = useMutation(trpc.chats.setPinned.mutationOptions(after))
  const unarchive = useMutation(trpc.chats.unarchive.mutationOptions(after))
  const isPinned = pin.isPending ? pin.variables.isPinned : chat.isPinned
  return (
    <>
      <Menu
        trigger={
          <button
            type="button"
            aria-label="More about this chat"
            className="touch-target grid size-9 shrink-0 place-items-center rounded-md text-ink-quiet transition-colors hover:bg-hover hover:text-ink"
          >
            <Ellipsis aria-hidden className="size-4" />
          </button>
        }
      >
        <MenuItem
          icon={isPinned ? <PinOff aria-hidden /> : <Pin aria-hidden />}
          onSelect={() => pin.mutate({ chatId, isPinned: !isPinned })}
        >
          {isPinned ? 'Unpin' : 'Pin to the top'}
        </MenuItem>
        <MenuDownload icon={<Download aria-hidden />} href={`/api/chats/${chatId}/export.md`}>
          Export as Markdown
        </MenuDownload>
        {may.prompt ? (
          <MenuItem icon={<GitFork aria-hidden />} onSelect={() => setAsking('fork')}>
            Fork…
          </MenuItem>
        ) : null}
        {may.prompt && user.userId === chat.createdBy && !view.isArchived ? (
          <MenuItem icon={<HandHelping aria-hidden />} onSelect={() => setAsking('hand-over')}>
            Hand over…
          </MenuItem>
        ) : null}
        {chat.mayManage ? (
          <>
            <MenuSeparator />
            {view.isArchived ? (
              <MenuItem icon={<ArchiveRestore aria-hidden />} onSelect={() => unarchive.mutate({ chatId })}>
                Bring back from the archive
              </MenuItem>
            ) : (
              <MenuItem icon={<Archive aria-hidden />} onSelect={() => setAsking('archive')}>
                Archive…
              </MenuItem>
            )}
          </>
        ) : null}
      </Menu>
      {asking === 'fork' ? <ForkDialog chat={chat} onClose={() => setAsking(null)} /> : null}
      {asking === 'hand-over' ? <HandOverDialog chat={chat} onClose={() => setAsking(null)} /> : null}
      {asking === 'archive' ? <ArchiveDialog view={view} chatId={chatId} onClose={() => setAsking(null)} /> : null}
    </>
  )
}

function ArchiveDialog({ view, chatId, onClose }: { view: ChatView; chatId: string; onClose: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const archive = useMutation({
    ...trpc.chats.archive.mutationOptions(),
    onSuccess: async () => {
      await queryClient.invalidateQueries(trpc.chats.pathFilter())
      onClose()
    },
  })
  const isUnderWay = view.turns.some((turn) => isActive(turn) || turn.status === 'queued')
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title="Archive this chat?"
      confirmLabel="Archive"
      tone={isUnderWay ? 'danger' : 'primary'}
      isBusy={archive.isPending}
      onConfirm={() => archive.mutate({ chatId })}
    >
      <p>It leaves everybody’s lists and takes no prompts. It stays readable and searchable, and can be brought back.</p>
      {isUnderWay ? <p>The turn that runs is stopped and what waits in the queue is taken out; neither comes back.</p> : null}
      {archive.error ? <FailureNotice error={archive.error} /> : null}
    </ConfirmDialog>
  )
}
