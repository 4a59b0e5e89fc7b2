import type { ReactNode } from 'react'

/** The head of a page: where one is, what it is, what one can do. */
export function PageHeader({
  title,
  lead,
  above,
  actions,
}: {
  title: ReactNode
  lead?: ReactNode
  above?: ReactNode
  actions?: ReactNode
}) {
  return (
    <header className="flex flex-wrap items-end justify-between gap-x-6 gap-y-4">
      <div className="min-w-0">
        {above ? <div className="mb-1 text-sm text-ink-quiet">{above}</div> : null}
        <h1 className="font-serif text-2xl tracking-[-0.015em] break-words sm:text-3xl">{title}</h1>
        {lead ? <p className="mt-1.5 max-w-prose text-md text-ink-soft">{lead}</p> : null}
      </div>
      {actions ? <div className="flex flex-wrap items-center gap-2">{actions}</div> : null}
    </header>
  )
}

/** The column in which a page stands: the same left edge everywhere, narrow for what is read or filled in. */
export function PageBody({ size = 'md', children }: { size?: 'sm' | 'md'; children: ReactNode }) {
  return (
    <div className="mx-auto w-full max-w-5xl px-4 py-6 sm:px-8 sm:py-10">
      <div className={size === 'sm' ? 'flex max-w-2xl flex-col gap-8' : 'flex flex-col gap-8'}>{children}</div>
    </div>
  )
}
