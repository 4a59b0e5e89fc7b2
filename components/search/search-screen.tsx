'use client'

import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { SearchX } from 'lucide-react'
import { useRouter, useSearchParams } from 'next/navigation'
import { useEffect, useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { HitRow } from '#components/search/hit-row.tsx'
import { hitKey } from '#components/search/search.model.ts'
import { useSettled } from '#components/search/use-settled.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { PageBody, PageHeader } from '#components/ui/page-header.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'

/** Everything that was said in the chats one may read. The address holds what is looked for, so it can be shared and gone back to. */
export function SearchScreen() {
  const router = useRouter()
  const address = useSearchParams()
  const [typed, setTyped] = useState(address.get('q') ?? '')
  const query = useSettled(typed.trim())
  useEffect(() => {
    router.replace(query === '' ? '/search' : `/search?q=${encodeURIComponent(query)}`, { scroll: false })
  }, [query, router])

  const found = useInfiniteQuery({
    ...useTRPC().search.chats.infiniteQueryOptions(
      { query },
      { getNextPageParam: (page) => page.nextOffset ?? undefined, initialCursor: 0, placeholderData: keepPreviousData },
    ),
    enabled: query !== '',
  })
  const hits = query === '' ? [] : (found.data?.pages.flatMap((page) => page.hits) ?? [])
  return (
    <PageBody>
      <PageHeader title="Search" lead="Names, prompts and replies of every chat that you may read." />
      <search className="flex flex-col gap-6">
        <Field label="Search for" hint="Words count by their beginning; put words in “quotation marks” to find them as they stand.">
          <Input
            type="search"
            autoFocus
            maxLength={300}
            enterKeyHint="search"
            spellCheck={false}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </Field>
        <p role="status" className="sr-only">
          {query === '' || found.isPending
            ? ''
            : hits.length === 0
              ? 'Nothing found'
              : `${hits.length} found${found.hasNextPage ? ', and more' : ''}`}
        </p>
        {query !== '' && found.isPending ? <SkeletonRows rows={4} label="Searching" /> : null}
        {found.isError ? <FailureNotice error={found.error} look="block" onRetry={() => void found.refetch()} /> : null}
        {hits.length > 0 ? (
          <ul className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-raised">
            {hits.map((hit) => (
              <HitRow key={hitKey(hit)} hit={hit} />
            ))}
          </ul>
        ) : null}
        {query !== '' && found.isSuccess && hits.length === 0 ? (
          <EmptyState icon={<SearchX aria-hidden />} title="Nothing found">
            No name, prompt or reply has all of these words. What an agent is just writing can be found a moment later.
          </EmptyState>
        ) : null}
        {query !== '' && found.hasNextPage ? (
          <Button className="self-center" isBusy={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
            Show more
          </Button>
        ) : null}
      </search>
    </PageBody>
  )
}
