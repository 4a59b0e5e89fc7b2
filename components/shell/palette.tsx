'use client'

import { Dialog } from '@base-ui/react/dialog'
import { useQuery } from '@tanstack/react-query'
import { Command } from 'cmdk'
import { FolderGit2, MessageSquare, Moon, Plus, Search, Sun } from 'lucide-react'
import { useTheme } from 'next-themes'
import { useRouter } from 'next/navigation'
import { type ReactNode, useState } from 'react'
import { chatStatusLook } from '#components/projects/chat-status.ts'
import { home, search } from '#components/shell/places.ts'
import { PaletteHits } from '#components/shell/palette-hits.tsx'
import { usePlaces } from '#components/shell/use-places.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Status } from '#components/ui/badge.tsx'

/** Goes anywhere by typing. */
export function Palette({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-scrim transition-opacity duration-100 data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Dialog.Popup className="fixed inset-x-3 top-[max(0.75rem,12dvh)] z-40 mx-auto max-w-xl overflow-hidden rounded-xl border border-line bg-raised shadow-float outline-none">
          <Dialog.Title className="sr-only">Go to</Dialog.Title>
          <PaletteList onDone={onClose} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function PaletteList({ onDone }: { onDone: () => void }) {
  const trpc = useTRPC()
  const router = useRouter()
  const { resolvedTheme, setTheme } = useTheme()
  const places = usePlaces()
  const projects = useQuery(trpc.projects.list.queryOptions())
  const chats = useQuery(trpc.chats.list.queryOptions({}))
  const go = (href: string) => () => {
    onDone()
    router.push(href)
  }
  const [typed, setTyped] = useState('')
  const isDark = resolvedTheme === 'dark'

  return (
    <Command label="Go to" loop>
      <div className="flex items-center gap-3 border-b border-line px-4">
        <Search aria-hidden className="size-4 shrink-0 text-ink-quiet" />
        <Command.Input
          value={typed}
          onValueChange={setTyped}
          placeholder="Project, chat, page, or what was said"
          className="h-12 w-full bg-transparent text-md outline-none"
        />
      </div>
      <Command.List className="thin-scroll max-h-[min(26rem,60dvh)] overflow-y-auto p-2 [&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-ink-quiet">
        {chats.data?.length ? (
          <Command.Group heading="Chats">
            {chats.data.slice(0, 200).map((chat) => (
              <Row
                key={chat.chatId}
                value={`${chat.title} ${chat.projectName} ${chat.chatId}`}
                icon={<MessageSquare aria-hidden />}
                onSelect={go(`/projects/${encodeURIComponent(chat.projectId)}/chats/${chat.chatId}`)}
              >
                <span className="min-w-0 truncate">{chat.title || 'New chat'}</span>
                <span className="shrink-0 text-ink-quiet">{chat.projectName}</span>
                {chat.status === 'idle' ? null : (
                  <Status tone={chatStatusLook[chat.status].tone} className="ml-auto">
                    {chatStatusLook[chat.status].word}
                  </Status>
                )}
              </Row>
            ))}
          </Command.Group>
        ) : null}
        {projects.data?.length ? (
          <Command.Group heading="Projects">
            {projects.data.map((project) => (
              <Row
                key={project.projectId}
                value={`${project.name} ${project.projectId}`}
                icon={<FolderGit2 aria-hidden />}
                onSelect={go(`/projects/${encodeURIComponent(project.projectId)}`)}
              >
                {project.name}
              </Row>
            ))}
          </Command.Group>
        ) : null}
        <PaletteHits typed={typed} onGo={(href) => go(href)()} />
        <Command.Group heading="Pages">
          {[home, search, ...places].map(({ href, label, Icon, keywords }) => (
            <Row key={href} value={`${label} ${keywords ?? ''}`} icon={<Icon aria-hidden />} onSelect={go(href)}>
              {label}
            </Row>
          ))}
        </Command.Group>
        <Command.Group heading="Acts">
          <Row value="New project" icon={<Plus aria-hidden />} onSelect={go('/projects/new')}>
            New project
          </Row>
          <Row
            value="theme light dark"
            icon={isDark ? <Sun aria-hidden /> : <Moon aria-hidden />}
            onSelect={() => {
              setTheme(isDark ? 'light' : 'dark')
              onDone()
            }}
          >
            {isDark ? 'Light theme' : 'Dark theme'}
          </Row>
        </Command.Group>
      </Command.List>
    </Command>
  )
}

function Row({ value, icon, onSelect, children }: { value: string; icon: ReactNode; onSelect: () => void; children: ReactNode }) {
  return (
    <Command.Item value={value} onSelect={onSelect} className="popup-item">
      {icon}
      {children}
    </Command.Item>
  )
}
