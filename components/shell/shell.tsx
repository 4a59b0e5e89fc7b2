'use client'

/**
 * The frame around every screen: rail, phone bar, palette, shortcuts.
 * Next: `rail.tsx` for what the rail holds.
 */
import { Menu as MenuIcon, Search } from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { type ReactNode, useEffect, useMemo, useState } from 'react'
import { useListHints } from '#components/realtime/use-list-hints.ts'
import { GateMark } from '#components/shell/gate-mark.tsx'
import { LineBar } from '#components/shell/line-bar.tsx'
import { NarrowRail } from '#components/shell/narrow-rail.tsx'
import { Palette } from '#components/shell/palette.tsx'
import { Rail } from '#components/shell/rail.tsx'
import { placeOf } from '#components/shell/rail.model.ts'
import { type ShellActs, ShellActsProvider } from '#components/shell/shell-context.tsx'
import { ShortcutsHelp } from '#components/shell/shortcuts-help.tsx'
import { useStoredFlag } from '#components/shell/stored-flag.ts'
import { Drawer } from '#components/ui/drawer.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'

export function Shell({ children }: { children: ReactNode }) {
  const [isPaletteOpen, setPaletteOpen] = useState(false)
  const [isHelpOpen, setHelpOpen] = useState(false)
  const [isRailFolded, setRailFolded] = useStoredFlag('rail-folded', false)
  const [menuAt, setMenuAt] = useState<string | null>(null)
  const pathname = usePathname()
  useListHints()

  const acts = useMemo<ShellActs>(
    () => ({
      openPalette: () => setPaletteOpen(true),
      openShortcuts: () => setHelpOpen(true),
      openMenu: () => setMenuAt(pathname),
      closeMenu: () => setMenuAt(null),
      toggleRail: () => setRailFolded(!isRailFolded),
    }),
    [pathname, isRailFolded, setRailFolded],
  )

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.metaKey || event.ctrlKey) || event.altKey || event.shiftKey) return
      const act = { k: acts.openPalette, '/': acts.openShortcuts, b: acts.toggleRail }[event.key.toLowerCase()]
      if (!act) return
      event.preventDefault()
      act()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [acts])

  return (
    <ShellActsProvider value={acts}>
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-accent px-4 py-2 text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to content
      </a>
      <div className="flex h-dvh flex-col overflow-hidden lg:flex-row">
        <header className="flex h-12 shrink-0 items-center gap-1 border-b border-line bg-sunken px-1 pt-[env(safe-area-inset-top)] lg:hidden">
          <IconButton label="Projects and chats" onClick={acts.openMenu}>
            <MenuIcon aria-hidden />
          </IconButton>
          <Link href="/" className="touch-target flex items-center gap-2 px-1 font-serif text-lg">
            <GateMark className="size-4.5 text-accent" />
            Gatehouse
          </Link>
          <IconButton label="Go to…" className="ml-auto" onClick={acts.openPalette}>
            <Search aria-hidden />
          </IconButton>
        </header>
        <aside aria-label="Projects and chats" className="hidden shrink-0 border-r border-line bg-sunken lg:flex">
          {isRailFolded ? <NarrowRail /> : <Rail className="w-68" />}
        </aside>
        <div className="flex min-h-0 min-w-0 flex-1 flex-col">
          {placeOf(pathname).chatId === null ? <LineBar /> : null}
          <main id="main" tabIndex={-1} className="thin-scroll relative min-h-0 min-w-0 flex-1 overflow-y-auto outline-none">
            {children}
          </main>
        </div>
      </div>
      {/* Following a link changes the path, and with it the drawer closes. */}
      <Drawer
        isOpen={menuAt !== null && menuAt === pathname}
        onClose={acts.closeMenu}
        title="Projects and chats"
        side="left"
        hasHeader={false}
      >
        <Rail className="h-full w-full bg-sunken" isDrawer />
      </Drawer>
      <Palette isOpen={isPaletteOpen} onClose={() => setPaletteOpen(false)} />
      <ShortcutsHelp isOpen={isHelpOpen} onClose={() => setHelpOpen(false)} />
    </ShellActsProvider>
  )
}
