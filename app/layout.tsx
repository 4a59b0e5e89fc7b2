import type { Metadata, Viewport } from 'next'
import { GeistMono } from 'geist/font/mono'
import { GeistSans } from 'geist/font/sans'
import { GeistSerif } from 'geist/font/serif'
import { headers } from 'next/headers'
import type { ReactNode } from 'react'
import { ThemeProvider } from '#components/theme/theme-provider.tsx'
import { ServerProvider } from '#components/trpc/trpc-provider.tsx'
import { Toaster } from '#components/ui/toast.tsx'
import { TooltipProvider } from '#components/ui/tooltip.tsx'
import './globals.css'

export const metadata: Metadata = {
  title: { default: 'Gatehouse', template: '%s · Gatehouse' },
  description: 'Where a team runs coding agents together',
  robots: { index: false, follow: false },
}

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  viewportFit: 'cover',
  // The composer stays above a phone's keyboard.
  interactiveWidget: 'resizes-content',
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#fbf9f6' },
    { media: '(prefers-color-scheme: dark)', color: '#15120f' },
  ],
}

/** Every page is made per request: the nonce of its content security policy is in the request. */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const nonce = (await headers()).get('x-nonce') ?? undefined
  return (
    <html lang="en" suppressHydrationWarning className={`${GeistSans.variable} ${GeistMono.variable} ${GeistSerif.variable}`}>
      <body>
        <ThemeProvider nonce={nonce}>
          <ServerProvider>
            <TooltipProvider>
              <div className="page-root">{children}</div>
              <Toaster />
            </TooltipProvider>
          </ServerProvider>
        </ThemeProvider>
      </body>
    </html>
  )
}
