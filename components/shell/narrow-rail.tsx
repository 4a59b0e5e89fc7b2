'use client'

import { PanelLeftOpen, Search } from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { GateMark } from '#components/shell/gate-mark.tsx'
import { home } from '#components/shell/places.ts'
import { useShell } from '#components/shell/shell-context.tsx'
import { usePlaces } from '#components/shell/use-places.ts'
import { UserMenu } from '#components/shell/user-menu.tsx'
import { classNames } from '#components/ui/class-names.ts'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Tooltip } from '#components/ui/tooltip.tsx'

/** The rail when folded: icons with their names on hover and focus. */
export function NarrowRail() {
  const shell = useShell()
  const places = usePlaces()
  const pathname = usePathname()
  return (
    <div className="flex w-14 flex-col items-center gap-1 py-3">
      <GateMark className="mb-2 size-5 text-accent" />
      <IconButton label="Unfold the sidebar" tooltipSide="right" onClick={shell.toggleRail}>
        <PanelLeftOpen aria-hidden />
      </IconButton>
      <IconButton label="Go to…" tooltipSide="right" onClick={shell.openPalette}>
        <Search aria-hidden />
      </IconButton>
      <nav aria-label="House" className="mt-2 flex flex-1 flex-col gap-1">
        {[home, ...places].map(({ href, label, Icon }) => {
          const isHere = href === '/' ? pathname === '/' : pathname.startsWith(href)
          return (
            <Tooltip key={href} content={label} side="right">
              <Link
                href={href}
                aria-label={label}
                aria-current={isHere ? 'page' : undefined}
                className={classNames(
                  'grid size-9 place-items-center rounded-md text-ink-quiet hover:bg-hover hover:text-ink',
                  isHere && 'bg-hover text-ink',
                )}
              >
                <Icon aria-hidden className="size-4 stroke-[1.75]" />
              </Link>
            </Tooltip>
          )
        })}
      </nav>
      <UserMenu isNarrow />
    </div>
  )
}
