'use client'

import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { classNames } from '#components/ui/class-names.ts'

const sides = {
  left: 'inset-y-0 left-0 w-[min(20rem,88vw)] border-r data-ending-style:-translate-x-full data-starting-style:-translate-x-full',
  right: 'inset-y-0 right-0 w-full border-l sm:w-[min(32rem,88vw)] data-ending-style:translate-x-full data-starting-style:translate-x-full',
  bottom: 'inset-x-0 bottom-0 max-h-[92dvh] rounded-t-xl border-t data-ending-style:translate-y-full data-starting-style:translate-y-full',
} as const

/** A panel that slides in from an edge. `title` is read aloud; `hasHeader={false}` hides it from the eye. */
export function Drawer({
  isOpen,
  onClose,
  title,
  side = 'right',
  hasHeader = true,
  children,
}: {
  isOpen: boolean
  onClose: () => void
  title: string
  side?: keyof typeof sides
  hasHeader?: boolean
  children: ReactNode
}) {
  return (
    <Base.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-scrim transition-opacity duration-200 data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Base.Popup
          className={classNames(
            'fixed z-40 flex flex-col border-line bg-paper shadow-float outline-none transition-transform duration-200 ease-out',
            sides[side],
          )}
        >
          {hasHeader ? (
            <header className="flex h-14 shrink-0 items-center justify-between gap-3 border-b border-line pr-2 pl-4">
              <Base.Title className="truncate font-semibold">{title}</Base.Title>
              <Base.Close
                aria-label="Close"
                className="touch-target grid size-9 place-items-center rounded-md text-ink-quiet hover:bg-hover hover:text-ink"
              >
                <X aria-hidden className="size-4" />
              </Base.Close>
            </header>
          ) : (
            <Base.Title className="sr-only">{title}</Base.Title>
          )}
          <div className="thin-scroll min-h-0 flex-1 overflow-y-auto">{children}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
