'use client'

import { useQuery } from '@tanstack/react-query'
import { Command } from 'cmdk'
import { MessageSquareText, Search } from 'lucide-react'
import { hitHref, hitKey } from '#components/search/search.model.ts'
import { Snippet } from '#components/search/snippet.tsx'
import { useSettled } from '#components/search/use-settled.ts'
import { useTRPC } from '#components/trpc/trpc.ts'

const SHOWN = 5

/** What was said in chats, below what is called so; the server has chosen, so the list does not filter it again. */
export function PaletteHits({ typed, onGo }: { typed: string; onGo: (href: string) => void }) {
  const query = useSettled(typed.trim())
  const found = useQuery({ ...useTRPC().search.chats.queryOptions({ query, limit: SHOWN }), enabled: query.length > 1 })
  if (typed.trim().length < 2) return null
  // A name is found above already.
  const hits = found.data?.hits.filter((hit) => hit.kind !== 'title') ?? []
  return (
    <Command.Group heading="Said in chats" forceMount>
      {hits.map((hit) => (
        <Command.Item
          key={hitKey(hit)}
          value={`said ${hitKey(hit)}`}
          forceMount
          onSelect={() => onGo(hitHref(hit))}
          className="popup-item h-auto! items-start! py-1.5"
        >
          <MessageSquareText aria-hidden className="mt-0.5" />
          <span className="min-w-0 flex-1">
            <span className="line-clamp-1 break-all">
              <Snippet pieces={hit.snippet} />
            </span>
            <span className="block truncate text-xs text-ink-quiet">
              {hit.title || 'New chat'} · {hit.projectName}
            </span>
          </span>
        </Command.Item>
      ))}
      {found.isError ? <p className="px-2 py-1.5 text-sm text-ink-quiet">What was said cannot be searched now.</p> : null}
      <Command.Item
        value="said search everything"
        forceMount
        onSelect={() => onGo(`/search?q=${encodeURIComponent(typed.trim())}`)}
        className="popup-item"
      >
        <Search aria-hidden />
        <span className="min-w-0 truncate">Search all chats for “{typed.trim()}”</span>
      </Command.Item>
    </Command.Group>
  )
}
