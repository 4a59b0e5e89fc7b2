'use client'

import { useQuery } from '@tanstack/react-query'
import { ChevronsUpDown, Keyboard, LogOut, UserRound } from 'lucide-react'
import { signOut } from '#components/session/session.ts'
import { useShell } from '#components/shell/shell-context.tsx'
import { ThemeChoice } from '#components/theme/theme-choice.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Avatar } from '#components/ui/avatar.tsx'
import { Menu, MenuItem, MenuLink, MenuSeparator } from '#components/ui/menu.tsx'
import { toast } from '#components/ui/toast.tsx'

/** Who I am, the theme, and the way out. */
export function UserMenu({ isNarrow = false }: { isNarrow?: boolean }) {
  const shell = useShell()
  const me = useQuery(useTRPC().me.get.queryOptions())
  const name = me.data?.user.name ?? ''
  const leave = () => void signOut().catch(() => toast.error('You are still signed in: the server cannot be reached.'))

  return (
    <Menu
      align="start"
      side="top"
      trigger={
        <button
          type="button"
          aria-label={isNarrow ? `Account of ${name}` : undefined}
          className={
            isNarrow
              ? 'grid size-10 place-items-center rounded-md hover:bg-hover'
              : 'flex w-full min-w-0 items-center gap-2.5 rounded-md p-1.5 text-left transition-colors hover:bg-hover'
          }
        >
          <Avatar name={name} colourKey={me.data?.user.userId} isDecorative size="md" />
          {isNarrow ? null : (
            <>
              <span className="min-w-0 flex-1">
                <span className="sr-only">Account of </span>
                <span className="block truncate text-base font-medium">{name}</span>
                <span className="block truncate text-xs text-ink-quiet">{me.data?.user.email}</span>
              </span>
              <ChevronsUpDown aria-hidden className="size-3.5 text-ink-quiet" />
            </>
          )}
        </button>
      }
    >
      <div className="p-1">
        <ThemeChoice />
      </div>
      <MenuSeparator />
      <MenuLink href="/account" icon={<UserRound aria-hidden />}>
        Account and tokens
      </MenuLink>
      <MenuItem icon={<Keyboard aria-hidden />} onSelect={shell.openShortcuts}>
        Keyboard shortcuts
      </MenuItem>
      <MenuSeparator />
      <MenuItem icon={<LogOut aria-hidden />} onSelect={leave}>
        Sign out
      </MenuItem>
    </Menu>
  )
}
