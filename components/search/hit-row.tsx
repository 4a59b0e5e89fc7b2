'use client'

import Link from 'next/link'
import { harnessName } from '#core/harnesses/registry.ts'
import { PrivateMark } from '#components/projects/private-mark.tsx'
import { type Hit, hitHref, hitWords } from '#components/search/search.model.ts'
import { Snippet } from '#components/search/snippet.tsx'
import { Badge } from '#components/ui/badge.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'

/** One place where it was said: the words, whose they are, and in which chat. */
export function HitRow({ hit }: { hit: Hit }) {
  return (
    <li>
      <Link href={hitHref(hit)} className="flex flex-col gap-1 px-4 py-3 transition-colors outline-offset-[-2px] hover:bg-hover">
        <span className="flex min-w-0 items-baseline gap-2">
          <span className="min-w-0 truncate font-medium">{hit.title || 'New chat'}</span>
          <PrivateMark chat={hit} />
          {hit.isArchived ? <Badge className="shrink-0">Archived</Badge> : null}
          <RelativeTime at={hit.at} className="figures ml-auto shrink-0 text-xs text-ink-quiet" />
        </span>
        <span className="line-clamp-2 text-base break-words text-ink-soft">
          <Snippet pieces={hit.snippet} />
        </span>
        <span className="truncate text-xs text-ink-quiet">
          {hit.projectName} · {hitWords(hit, harnessName(hit.harness))}
        </span>
      </Link>
    </li>
  )
}
