import type { ReactNode } from 'react'
import { GateMark } from '#components/shell/gate-mark.tsx'

/** The doorway: everything that one sees before being let in stands under its arch. */
export function GateFrame({
  title,
  lead,
  children,
  footer,
}: {
  title: ReactNode
  lead?: ReactNode
  children?: ReactNode
  footer?: ReactNode
}) {
  return (
    <main className="flex min-h-dvh flex-col items-center bg-sunken px-0 sm:justify-end sm:px-6 sm:pt-10">
      <div className="flex w-full flex-1 flex-col border-line bg-paper px-6 pt-14 pb-10 sm:max-w-md sm:min-h-[min(46rem,88dvh)] sm:flex-none sm:rounded-t-[14rem] sm:border sm:border-b-0 sm:px-12 sm:pt-20 sm:pb-16 sm:shadow-[0_0_0_10px_var(--sunken),0_0_0_11px_var(--line)]">
        <GateMark className="mx-auto size-9 text-accent" />
        <h1 className="mt-5 text-center font-serif text-2xl tracking-[-0.015em] break-words">{title}</h1>
        {lead ? <p className="mx-auto mt-2 max-w-xs text-center text-base text-ink-soft">{lead}</p> : null}
        <div className="mt-8">{children}</div>
        {footer ? <div className="mt-8 text-center text-sm text-ink-quiet">{footer}</div> : null}
      </div>
    </main>
  )
}
