import type { ReactNode } from 'react'

/** Names and what stands behind them; those without anything are left out. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, fact: ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[auto_1fr] content-start gap-x-5 gap-y-1.5 text-sm">
      {facts
        .filter(([, fact]) => fact !== null && fact !== undefined && fact !== '')
        .map(([name, fact]) => (
          <div key={name} className="contents">
            <dt className="text-ink-quiet">{name}</dt>
            <dd className="min-w-0 break-words">{fact}</dd>
          </div>
        ))}
    </dl>
  )
}
