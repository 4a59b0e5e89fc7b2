'use client'

import { createContext, useContext } from 'react'

export type ShellActs = {
  openPalette: () => void
  openShortcuts: () => void
  /** On a phone, the drawer with projects and chats. */
  openMenu: () => void
  closeMenu: () => void
  toggleRail: () => void
}

const ShellContext = createContext<ShellActs | null>(null)

export const ShellActsProvider = ShellContext.Provider

/** What the frame around every screen can do. */
export function useShell(): ShellActs {
  const acts = useContext(ShellContext)
  if (!acts) throw new Error('useShell is used outside of Shell')
  return acts
}
