'use client'

import { useQuery } from '@tanstack/react-query'
import { ScrollText, X } from 'lucide-react'
import { useState } from 'react'
import { EVERY, filterOf, nounChoices, personChoices, type Subject } from '#components/audit/audit.model.ts'
import { EntryList } from '#components/audit/entry-list.tsx'
import { ExportMenu } from '#components/audit/export-menu.tsx'
import { useEntries } from '#components/audit/use-entries.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useMe } from '#components/session/use-me.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { PageBody, PageHeader } from '#components/ui/page-header.tsx'
import { Select } from '#components/ui/select.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'

/** The audit log, for those who may read it. */
export function AuditScreen() {
  const [noun, setNoun] = useState(EVERY)
  const [actorId, setActorId] = useState(EVERY)
  const [subject, setSubject] = useState<Subject | null>(null)
  const team = useQuery(useTRPC().team.get.queryOptions())
  const filter = filterOf({ noun, actorId, subject })
  const log = useEntries(filter)
  const entries = log.data?.pages.flatMap((page) => page.entries) ?? []
  const isFiltered = Object.keys(filter).length > 0
  const clear = () => (setNoun(EVERY), setActorId(EVERY), setSubject(null))
  const follow = (next: Subject) => (clear(), setSubject(next))

  return (
    <PageBody>
      <PageHeader
        title="Audit"
        lead={useLead()}
        actions={log.isError ? null : <ExportMenu filter={filter} onExported={() => void log.refetch()} />}
      />
      {log.isError && entries.length === 0 ? (
        <FailureNotice error={log.error} onRetry={() => void log.refetch()} look="block" />
      ) : (
        <>
          <div className="flex flex-wrap gap-2">
            <Select label="What" className="w-44" value={noun} onChange={setNoun} choices={nounChoices} />
            <Select label="Who" className="w-44" value={actorId} onChange={setActorId} choices={personChoices(team.data?.members ?? [])} />
            {subject ? (
              <Button icon={<X aria-hidden />} onClick={() => setSubject(null)}>
                This {subject.kind} only
              </Button>
            ) : null}
          </div>
          {log.isPending ? <SkeletonRows rows={6} label="Loading the audit log" /> : null}
          {!log.isPending && entries.length === 0 ? <Nothing isFiltered={isFiltered} onClear={clear} /> : null}
          <div aria-busy={log.isPlaceholderData} className="flex flex-col gap-6 aria-busy:opacity-60">
            <EntryList entries={entries} onSubject={follow} />
          </div>
          {log.isFetchNextPageError ? <FailureNotice error={log.error} onRetry={() => void log.fetchNextPage()} /> : null}
          {log.hasNextPage ? (
            <Button className="self-center" isBusy={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
              Show older entries
            </Button>
          ) : null}
        </>
      )}
    </PageBody>
  )
}

function useLead(): string {
  const { user, team } = useMe()
  const chain = 'Each entry seals the one before it, so none can be changed or taken out unnoticed.'
  if (!user.isInstanceOwner) return `What was done in ${team?.name ?? 'this team'}, by whom and when. ${chain}`
  const whose = team?.role === 'admin' ? `in ${team.name} and on this whole Gatehouse` : 'on this whole Gatehouse'
  return `What was done ${whose}, by whom and when. ${chain}`
}

function Nothing({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) {
  return isFiltered ? (
    <EmptyState
      icon={<ScrollText aria-hidden />}
      title="No entry of this sort"
      action={
        <Button size="sm" onClick={onClear}>
          Show everything
        </Button>
      }
    >
      Nobody has done anything of the kind that is chosen above.
    </EmptyState>
  ) : (
    <EmptyState icon={<ScrollText aria-hidden />} title="Nothing has been done yet">
      Who connects, replaces, uses or withdraws a credential, joins the team or changes a role is written down here.
    </EmptyState>
  )
}
