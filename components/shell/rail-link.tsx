'use client'

import Link from 'next/link'
import { usePathname } from 'next/navigation'
import type { Place } from '#components/shell/places.ts'
import { classNames } from '#components/ui/class-names.ts'

/** A room of the house in the rail; the one we are in is marked. */
export function RailLink({ place: { href, label, Icon }, count = 0, countLabel }: { place: Place; count?: number; countLabel?: string }) {
  const pathname = usePathname()
  const isHere = href === '/' ? pathname === '/' : pathname.startsWith(href)
  return (
    <Link
      href={href}
      aria-current={isHere ? 'page' : undefined}
      className={classNames(
        'touch-target flex h-8 items-center gap-2.5 rounded-md px-2 text-base text-ink-soft transition-colors hover:bg-hover hover:text-ink',
        isHere && 'bg-hover font-medium text-ink',
      )}
    >
      <Icon aria-hidden className="size-4 shrink-0 stroke-[1.75]" />
      <span className="flex-1">{label}</span>
      {count > 0 ? (
        <span className="figures rounded-full bg-warn-wash px-1.5 text-xs font-medium text-warn-ink">
          {count}
          <span className="sr-only"> {countLabel}</span>
        </span>
      ) : null}
    </Link>
  )
}
