'use client'

import dynamic from 'next/dynamic'
import { Skeleton } from '#components/ui/skeleton.tsx'

/** The diff viewer comes when the first diff is opened: most visits need none. */
const DiffView = dynamic(() => import('#components/chat/diff-view.tsx').then((module) => module.DiffView), {
  ssr: false,
  loading: () => <Loading />,
})
const PatchView = dynamic(() => import('#components/chat/diff-view.tsx').then((module) => module.PatchView), {
  ssr: false,
  loading: () => <Loading />,
})

const Loading = () => (
  <div className="flex flex-col gap-1.5 bg-sunken p-3">
    <Skeleton className="w-1/2" />
    <Skeleton className="w-2/3" />
  </div>
)

/** A file before and after; `before` is null for a new file. */
export function InlineDiff({ path, before, after }: { path: string; before: string | null; after: string }) {
  return <DiffView path={path} before={before} after={after} />
}

/** A unified patch as git wrote it. */
export function InlinePatch({ path, patch, layout }: { path: string; patch: string; layout: 'unified' | 'split' }) {
  return <PatchView path={path} patch={patch} layout={layout} />
}
