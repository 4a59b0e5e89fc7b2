import type { ReactNode } from 'react'
import { classNames } from '#components/ui/class-names.ts'

/** A raised sheet of paper with a hairline. */
export function Card({ className, children }: { className?: string; children: ReactNode }) {
  return <div className={classNames('rounded-lg border border-line bg-raised', className)}>{children}</div>
}

/** A titled part of a page. */
export function Section({
  title,
  description,
  actions,
  className,
  children,
}: {
  title: ReactNode
  description?: ReactNode
  actions?: ReactNode
  className?: string
  children: ReactNode
}) {
  return (
    <section className={classNames('flex flex-col gap-3', className)}>
      <header className="flex flex-wrap items-end justify-between gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-64">
          <h2 className="text-lg font-semibold tracking-[-0.01em]">{title}</h2>
          {description ? <p className="mt-0.5 max-w-prose text-base text-ink-soft">{description}</p> : null}
        </div>
        {actions ? <div className="flex flex-wrap items-center gap-2">{actions}</div> : null}
      </header>
      {children}
    </section>
  )
}
