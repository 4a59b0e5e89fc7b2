'use client'

import { ArrowLeft, RotateCw } from 'lucide-react'
import Link from 'next/link'
import { useState } from 'react'
import type { Acting } from '#components/advanced/acting.ts'
import { AdvancedDialogs } from '#components/advanced/advanced-dialogs.tsx'
import { PrimitiveLists } from '#components/advanced/primitive-lists.tsx'
import { PrimitivePanel } from '#components/advanced/primitive-panel.tsx'
import { advancedPath, type Selected } from '#components/advanced/primitive-path.ts'
import { relatedTo } from '#components/advanced/primitives.model.ts'
import { usePrimitives } from '#components/advanced/use-primitives.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { Button, ButtonLink } from '#components/ui/button.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { Notice } from '#components/ui/notice.tsx'
import { PageBody, PageHeader } from '#components/ui/page-header.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'

/** What connections are made of. With one chosen, all that belongs to it and nothing else. */
export function AdvancedScreen({ selected }: { selected: Selected | null }) {
  return (
    <PageBody>
      <PageHeader
        above={
          <Link href={selected ? advancedPath : '/connections'} className="touch-target inline-flex items-center gap-1 hover:text-ink">
            <ArrowLeft aria-hidden className="size-3.5" />
            {selected ? 'All of them' : 'Connections'}
          </Link>
        }
        title="Advanced"
        lead="What connections are made of: a credential, the agent that runs on it, and for whom. You need this to look closely, never to replace a key."
      />
      <Primitives selected={selected} />
    </PageBody>
  )
}

function Primitives({ selected }: { selected: Selected | null }) {
  const { data, error, refetch } = usePrimitives()
  const [acting, setActing] = useState<Acting | null>(null)
  if (!data)
    return error ? <FailureNotice error={error} onRetry={refetch} look="block" /> : <SkeletonRows rows={4} label="Loading credentials" />
  const shown = selected ? relatedTo(data, selected) : data
  return (
    <>
      {error ? (
        <Notice
          tone="warn"
          action={
            <Button size="sm" icon={<RotateCw aria-hidden />} onClick={refetch}>
              Try again
            </Button>
          }
        >
          The server cannot be asked right now, so this may be out of date.
        </Notice>
      ) : null}
      {shown ? (
        <>
          {selected ? <PrimitivePanel shown={shown} selected={selected} onAct={setActing} /> : null}
          <PrimitiveLists shown={shown} selected={selected} onAct={setActing} />
        </>
      ) : (
        <EmptyState title="It is not here" action={<ButtonLink href={advancedPath}>Show all</ButtonLink>}>
          It was deleted, or it is not yours to see.
        </EmptyState>
      )}
      {acting ? <AdvancedDialogs acting={acting} all={data} onClose={() => setActing(null)} /> : null}
    </>
  )
}
