'use client'

import { useQuery } from '@tanstack/react-query'
import { ArrowDownRight, CircleSlash, Layers, OctagonX, PiggyBank, Snowflake, type LucideIcon } from 'lucide-react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { askedOf } from '#components/usage/address.model.ts'
import { FilterBar } from '#components/usage/filter-bar.tsx'
import { isUnknownCost, type Names } from '#components/usage/report.model.ts'
import { behind, savingWords, type Saving } from '#components/usage/saving.model.ts'
import { NothingUsed, type ViewProps } from '#components/usage/spending-view.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { formatMoney } from '#components/ui/numbers.ts'
import { SkeletonRows } from '#components/ui/skeleton.tsx'

/** What could have been spent less, the most first, each with its arithmetic. */
export function SavingsView({ address, today, go }: ViewProps) {
  const savings = useQuery({ ...useTRPC().usage.savings.queryOptions(askedOf(address, today)), placeholderData: (before) => before })
  const { data } = savings
  const isEmpty = data !== undefined && data.totals.requests + data.totals.subscriptionTurns === 0
  return (
    <div aria-busy={savings.isPlaceholderData} className="flex flex-col gap-6 transition-opacity aria-busy:opacity-60">
      <FilterBar address={address} names={data?.names ?? {}} onChange={go} />
      {savings.isPending ? <SkeletonRows rows={4} label="Looking for savings" /> : null}
      {savings.isError ? <FailureNotice error={savings.error} onRetry={() => void savings.refetch()} look="block" /> : null}
      {isEmpty ? <NothingUsed address={address} go={go} /> : null}
      {data && !isEmpty && data.savings.length === 0 ? <NothingToSave isUnpriced={isUnknownCost(data.totals)} /> : null}
      {data && data.savings.length > 0 ? (
        <>
          <p className="max-w-prose text-base text-ink-soft">
            Computed from what was metered and the catalog’s prices, of {formatMoney(data.totals.costMicros)} in this time. Findings
            overlap, so they are not added up, and nothing changes by itself.
          </p>
          <ol aria-label="What could be saved" className="flex flex-col gap-3">
            {data.savings.map((each) => (
              <li key={JSON.stringify([each.kind, each.harness, each.provider, each.model, each.chatId])}>
                <Finding saving={each} names={data.names} onShow={() => go(behind(address, each))} />
              </li>
            ))}
          </ol>
        </>
      ) : null}
    </div>
  )
}

function NothingToSave({ isUnpriced }: { isUnpriced: boolean }) {
  return (
    <EmptyState icon={<PiggyBank aria-hidden />} title={isUnpriced ? 'Nothing here has a price' : 'Nothing stands out'}>
      {isUnpriced
        ? 'Savings are differences between prices, and none of what was used has one in the catalog.'
        : 'Caches serve every chat as well as the others, no model has a cheaper successor, and next to nothing was thrown away.'}
    </EmptyState>
  )
}

const icons: Readonly<Record<Saving['kind'], LucideIcon>> = {
  'cold-cache': Snowflake,
  'cheaper-successor': ArrowDownRight,
  'dear-background': Layers,
  aborted: CircleSlash,
  failed: OctagonX,
}

function Finding({ saving, names, onShow }: { saving: Saving; names: Names; onShow: () => void }) {
  const { title, bound, how, advice } = savingWords(saving, names)
  const Icon = icons[saving.kind]
  return (
    <article className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-3 rounded-lg border border-line bg-raised p-4 sm:grid-cols-[auto_minmax(0,1fr)_auto] sm:p-5">
      <span aria-hidden className="grid size-9 place-items-center rounded-md bg-accent-wash text-accent-ink">
        <Icon className="size-4.5 stroke-[1.75]" />
      </span>
      <div className="min-w-0">
        <h2 className="text-md font-medium break-words">{title}</h2>
        <p className="mt-1 text-base break-words text-ink-soft">{how}</p>
        <p className="mt-1 text-sm text-ink-quiet">{advice}</p>
      </div>
      <div className="col-start-2 flex items-baseline justify-between gap-x-4 gap-y-2 sm:col-start-3 sm:flex-col sm:items-end">
        <p className="figures whitespace-nowrap sm:text-right">
          <span className="text-xs text-ink-quiet">{bound} </span>
          <span className="text-lg font-semibold tracking-[-0.01em]">{formatMoney(saving.savesMicros)}</span>
        </p>
        <Button size="sm" variant="quiet" onClick={onShow} className="-mx-2.5">
          Show the requests
        </Button>
      </div>
    </article>
  )
}
