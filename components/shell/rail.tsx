'use client'

import { useQuery } from '@tanstack/react-query'
import { PanelLeftClose, Plus, Search, X } from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { GateMark } from '#components/shell/gate-mark.tsx'
import { home } from '#components/shell/places.ts'
import { RailLink } from '#components/shell/rail-link.tsx'
import { railGroups, placeOf } from '#components/shell/rail.model.ts'
import { RailProjectGroup } from '#components/shell/rail-project.tsx'
import { useShell } from '#components/shell/shell-context.tsx'
import { ModKeys } from '#components/shell/mod-keys.tsx'
import { usePlaces } from '#components/shell/use-places.ts'
import { UserMenu } from '#components/shell/user-menu.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { classNames } from '#components/ui/class-names.ts'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Skeleton } from '#components/ui/skeleton.tsx'

/** Projects, their chats with what each is doing, and the rooms of the house. */
export function Rail({ className, isDrawer = false }: { className?: string; isDrawer?: boolean }) {
  const trpc = useTRPC()
  const shell = useShell()
  const places = usePlaces()
  const me = useQuery(trpc.me.get.queryOptions())
  const projects = useQuery(trpc.projects.list.queryOptions())
  const chats = useQuery(trpc.chats.list.queryOptions({}))
  const place = placeOf(usePathname())
  const groups = railGroups({ projects: projects.data ?? [], chats: chats.data ?? [], openChatId: place.chatId })
  const waiting = (chats.data ?? []).filter((each) => each.status === 'waiting').length

  return (
    <div className={classNames('flex min-h-0 flex-col', className)}>
      <div className="flex h-14 shrink-0 items-center gap-2 pr-2 pl-4">
        <Link href="/" className="flex min-w-0 flex-1 items-center gap-2.5 rounded-sm">
          <GateMark className="size-5 shrink-0 text-accent" />
          <span className="truncate font-serif text-lg">{me.data?.team?.name ?? 'Gatehouse'}</span>
        </Link>
        {isDrawer ? (
          <IconButton label="Close" onClick={shell.closeMenu}>
            <X aria-hidden />
          </IconButton>
        ) : (
          <IconButton label="Fold the sidebar" size="sm" onClick={shell.toggleRail}>
            <PanelLeftClose aria-hidden />
          </IconButton>
        )}
      </div>

      <div className="px-2 pb-2">
        <button
          type="button"
          onClick={shell.openPalette}
          className="touch-target flex h-8 w-full items-center gap-2 rounded-md border border-line bg-paper px-2 text-sm text-ink-quiet transition-colors hover:border-line-strong hover:text-ink"
        >
          <Search aria-hidden className="size-3.5" />
          <span className="flex-1 text-left">Go to…</span>
          <ModKeys keys={['mod', 'K']} className="touch:hidden" />
        </button>
      </div>

      <nav aria-label="Projects" className="thin-scroll flex min-h-0 flex-1 flex-col gap-px overflow-y-auto px-2 pb-4">
        <RailLink place={home} count={waiting} countLabel="waiting for you" />
        <div className="mt-4 flex items-center justify-between pl-2">
          <h2 className="text-xs font-medium text-ink-quiet">Projects</h2>
          <Link
            href="/projects/new"
            aria-label="New project"
            title="New project"
            className="touch-target grid size-7 place-items-center rounded-md text-ink-quiet hover:bg-hover hover:text-ink"
          >
            <Plus aria-hidden className="size-3.5" />
          </Link>
        </div>
        {projects.isPending ? <RailSkeleton /> : null}
        {projects.isError ? (
          <p className="px-2 py-1 text-sm text-ink-quiet">
            Projects could not be loaded.{' '}
            <Button variant="link" onClick={() => void projects.refetch()}>
              Try again
            </Button>
          </p>
        ) : null}
        {projects.data?.length === 0 ? <p className="px-2 py-1 text-sm text-ink-quiet">None yet. Make the first one.</p> : null}
        {groups.map((group) => (
          <RailProjectGroup key={group.project.projectId} group={group} place={place} />
        ))}
      </nav>

      <nav aria-label="House" className="flex flex-col gap-px border-t border-line p-2">
        {places.map((each) => (
          <RailLink key={each.href} place={each} />
        ))}
      </nav>
      <div className="border-t border-line p-2 pb-[max(0.5rem,env(safe-area-inset-bottom))]">
        <UserMenu />
      </div>
    </div>
  )
}

function RailSkeleton() {
  return (
    <div className="flex flex-col gap-3 px-2 py-2">
      <Skeleton className="w-2/3" />
      <Skeleton className="ml-4 w-3/4" />
      <Skeleton className="ml-4 w-1/2" />
    </div>
  )
}
