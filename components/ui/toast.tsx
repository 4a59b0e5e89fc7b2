'use client'

import { useTheme } from 'next-themes'
import { Toaster as Sonner, toast } from 'sonner'

/** Says what just happened, for a moment. Never the only place of an error that somebody must act on. */
export { toast }

/** Mounted once, in the root layout. */
export function Toaster() {
  const { resolvedTheme } = useTheme()
  return (
    <Sonner
      theme={resolvedTheme === 'dark' ? 'dark' : 'light'}
      position="bottom-right"
      gap={8}
      toastOptions={{
        unstyled: true,
        classNames: {
          toast:
            'flex w-full items-start font-sans gap-2.5 rounded-lg border border-line bg-raised px-4 py-3 text-base text-ink shadow-float sm:w-90',
          title: 'font-medium',
          description: 'text-sm text-ink-soft',
          icon: 'mt-0.5',
          success: '[&_[data-icon]]:text-good-ink',
          error: '[&_[data-icon]]:text-bad-ink',
          actionButton: 'ml-auto shrink-0 rounded-sm px-2 py-0.5 text-sm font-medium text-accent-ink hover:bg-hover',
        },
      }}
    />
  )
}
