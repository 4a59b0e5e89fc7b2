'use client'

import { CSPProvider } from '@base-ui/react/csp-provider'
import { ThemeProvider as Themes } from 'next-themes'
import type { ReactNode } from 'react'

/** Light, dark, or what the system says; settled before the first paint by a script with our nonce. */
export function ThemeProvider({ nonce, children }: { nonce?: string; children: ReactNode }) {
  return (
    <CSPProvider nonce={nonce}>
      <Themes attribute="class" defaultTheme="system" enableSystem disableTransitionOnChange nonce={nonce} storageKey="gatehouse.theme">
        {children}
      </Themes>
    </CSPProvider>
  )
}
