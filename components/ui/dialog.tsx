'use client'

import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button } from '#components/ui/button.tsx'
import { classNames } from '#components/ui/class-names.ts'

const backdrop = 'fixed inset-0 z-40 bg-scrim transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0'

export type DialogProps = {
  isOpen: boolean
  onClose: () => void
  title: ReactNode
  description?: ReactNode
  /** Buttons, the main one last. */
  footer?: ReactNode
  size?: 'sm' | 'md' | 'lg'
  children?: ReactNode
}

const widths = { sm: 'sm:max-w-md', md: 'sm:max-w-xl', lg: 'sm:max-w-3xl' } as const

/** A dialog in the middle; on a phone a sheet from below. Focus goes in, stays in, and comes back. */
export function Dialog({ isOpen, onClose, title, description, footer, size = 'sm', children }: DialogProps) {
  return (
    <Base.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={backdrop} />
        <Base.Viewport className="fixed inset-0 z-40 flex items-end justify-center sm:items-center sm:p-6">
          <Base.Popup
            className={classNames(
              'relative flex max-h-[92dvh] w-full flex-col overflow-hidden rounded-t-xl border border-line bg-raised shadow-float outline-none sm:rounded-xl',
              'transition-[opacity,translate] duration-150 ease-out data-ending-style:translate-y-2 data-ending-style:opacity-0 data-starting-style:translate-y-2 data-starting-style:opacity-0',
              widths[size],
            )}
          >
            <header className="px-5 pt-5 pb-1">
              <div className="pr-10">
                <Base.Title className="text-lg font-semibold tracking-[-0.01em]">{title}</Base.Title>
                {description ? <Base.Description className="mt-1 text-base text-ink-soft">{description}</Base.Description> : null}
              </div>
            </header>
            <div className="thin-scroll min-h-0 flex-1 overflow-y-auto px-5 py-3">{children}</div>
            {footer ? (
              <footer className="flex flex-wrap justify-end gap-2 border-t border-line bg-paper px-5 py-3 pb-[max(0.75rem,env(safe-area-inset-bottom))]">
                {footer}
              </footer>
            ) : null}
            {/* Last in order, so that the focus goes to what the dialog is about. */}
            <Base.Close
              aria-label="Close"
              className="touch-target absolute top-3 right-3 grid size-8 place-items-center rounded-md text-ink-quiet hover:bg-hover hover:text-ink"
            >
              <X aria-hidden className="size-4" />
            </Base.Close>
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  )
}

export type ConfirmProps = {
  isOpen: boolean
  onClose: () => void
  title: ReactNode
  /** What will happen, and what will not. */
  children: ReactNode
  /** The act in words: "Disconnect", never "OK". */
  confirmLabel: string
  onConfirm: () => void
  isBusy?: boolean
  tone?: 'danger' | 'primary'
}

/** Asks before something that cannot be taken back. */
export function ConfirmDialog({ isOpen, onClose, title, children, confirmLabel, onConfirm, isBusy, tone = 'danger' }: ConfirmProps) {
  return (
    <Dialog
      isOpen={isOpen}
      onClose={onClose}
      title={title}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant={tone} isBusy={isBusy} onClick={onConfirm}>
            {confirmLabel}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3 text-base text-ink-soft">{children}</div>
    </Dialog>
  )
}
