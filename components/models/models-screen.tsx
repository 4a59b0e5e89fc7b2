'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { Boxes, RefreshCw, Search } from 'lucide-react'
import { useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { wordsOf } from '#components/failures/failure.ts'
import { keyOf } from '#components/models/models.model.ts'
import { ProviderModels } from '#components/models/provider-models.tsx'
import { UnpricedPolicy } from '#components/models/unpriced-policy.tsx'
import { useMay } from '#components/session/use-me.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button, ButtonLink } from '#components/ui/button.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { Input } from '#components/ui/input.tsx'
import { PageBody, PageHeader } from '#components/ui/page-header.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { toast } from '#components/ui/toast.tsx'

/** What agents may use, by provider, and what it costs: members read it, admins decide it. */
export function ModelsScreen() {
  const trpc = useTRPC()
  const may = useMay()
  const [typed, setTyped] = useState('')
  const catalog = useQuery(trpc.models.catalog.queryOptions())
  const discover = useMutation({
    ...trpc.models.discover.mutationOptions(),
    onSuccess: (asked) => {
      const failed = asked.filter((each) => each.code !== null)
      if (asked.length === 0) toast.warning('Nobody to ask', { description: 'Connect an API key first.' })
      else if (failed.length === 0) toast.success('The providers have answered')
      else toast.warning('Not every provider has answered', { description: failed.map((each) => each.providerName).join(', ') })
    },
    onError: (error) => toast.error(wordsOf(error).sentence),
    onSettled: () => catalog.refetch(),
  })
  const { data } = catalog
  const connected = data?.providers.filter((each) => each.isConnected) ?? []
  const others = data?.providers.filter((each) => !each.isConnected) ?? []

  return (
    <PageBody>
      <PageHeader
        title="Models"
        lead="What agents may use, by provider, and what it costs. Menus, the proxy and every bill read this list."
        actions={
          may.prompt ? (
            <Button icon={<RefreshCw aria-hidden />} isBusy={discover.isPending} onClick={() => discover.mutate({})}>
              Ask the providers
            </Button>
          ) : null
        }
      />
      <UnpricedPolicy mayChange={may.manage} />
      {catalog.isPending ? <SkeletonRows rows={5} label="Loading models" /> : null}
      {catalog.isError ? (
        <FailureNotice error={catalog.error} onRetry={() => void catalog.refetch()} look={data ? 'line' : 'block'} />
      ) : null}
      {data ? (
        <>
          <div className="relative max-w-sm">
            <Search aria-hidden className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-ink-quiet" />
            <Input
              type="search"
              aria-label="Find a model"
              placeholder="Find a model"
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              className="pl-9"
            />
          </div>
          {connected.length === 0 ? (
            <EmptyState
              icon={<Boxes aria-hidden />}
              title="No API key is connected yet"
              action={<ButtonLink href="/connections">Open connections</ButtonLink>}
            >
              What is decided here holds as soon as there is one. A login of one’s own brings its own models.
            </EmptyState>
          ) : null}
          {[...connected, ...others].map((each) => (
            <ProviderModels key={keyOf(each)} provider={each} typed={typed} mayRule={data.mayRule} mayRuleInstance={data.mayRuleInstance} />
          ))}
        </>
      ) : null}
    </PageBody>
  )
}
