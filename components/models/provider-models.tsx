'use client'

import { useState } from 'react'
import { failureWords } from '#components/failures/sentences.ts'
import { ModelDialog } from '#components/models/model-dialog.tsx'
import { ModelTable } from '#components/models/model-table.tsx'
import { type CatalogModel, type CatalogProvider, matching, parted } from '#components/models/models.model.ts'
import { UndecidedList } from '#components/models/undecided-list.tsx'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { formatCount } from '#components/ui/numbers.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'

type Props = { provider: CatalogProvider; typed: string; mayRule: boolean; mayRuleInstance: boolean }

/**
 * One provider: what is offered of it, what is not, and what it serves that nobody has decided on. Those that are not
 * connected stay folded until somebody looks, or searches.
 */
export function ProviderModels({ provider, typed, mayRule, mayRuleInstance }: Props) {
  const [isUnfolded, setUnfolded] = useState(provider.isConnected)
  const [showsWithheld, setShowsWithheld] = useState(false)
  const [edited, setEdited] = useState<CatalogModel | null>(null)
  const isSearching = typed.trim() !== ''
  const { offered, withheld } = parted(matching(provider.models, typed))
  const undecided = matching(provider.undecided, typed)
  if (isSearching && offered.length + withheld.length + undecided.length === 0) return null
  const isOpen = isUnfolded || isSearching
  const shown = showsWithheld || isSearching ? [...offered, ...withheld] : offered

  return (
    <section aria-label={provider.name} className="flex flex-col gap-3">
      <header className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
        <h2 className="text-lg font-semibold tracking-[-0.01em] break-all">{provider.name}</h2>
        {provider.isConnected ? <Badge tone="good">Connected</Badge> : null}
        <p className="text-sm text-ink-quiet">
          {formatCount(offered.length)} offered
          {withheld.length > 0 ? `, ${formatCount(withheld.length)} not` : null}
        </p>
        <span className="ml-auto flex items-center gap-3">
          <Listing provider={provider} />
          {provider.isConnected || isSearching ? null : (
            <Button size="sm" variant="quiet" aria-expanded={isOpen} onClick={() => setUnfolded(!isOpen)}>
              {isOpen ? 'Fold' : 'Show'}
            </Button>
          )}
        </span>
      </header>
      {isOpen && shown.length > 0 ? <ModelTable provider={provider} models={shown} mayRule={mayRule} onEdit={setEdited} /> : null}
      {isOpen && shown.length === 0 && provider.isConnected ? (
        <p className="rounded-lg border border-dashed border-line px-4 py-5 text-base text-ink-soft">
          Nothing of it is offered. {undecided.length > 0 && mayRule ? 'Allow what it serves below.' : 'An admin can change that here.'}
        </p>
      ) : null}
      {isOpen && withheld.length > 0 && !isSearching ? (
        <Button
          variant="link"
          className="self-start text-sm"
          aria-expanded={showsWithheld}
          onClick={() => setShowsWithheld(!showsWithheld)}
        >
          {showsWithheld
            ? 'Show only what is offered'
            : `Show ${formatCount(withheld.length)} that ${withheld.length === 1 ? 'is' : 'are'} not offered`}
        </Button>
      ) : null}
      {isOpen && undecided.length > 0 ? <UndecidedList provider={provider} models={undecided} mayRule={mayRule} /> : null}
      {edited ? <ModelDialog provider={provider} model={edited} mayRuleInstance={mayRuleInstance} onClose={() => setEdited(null)} /> : null}
    </section>
  )
}

/** When it was asked, and whether it has answered: what is shown may be old. */
function Listing({ provider: { listing } }: { provider: CatalogProvider }) {
  if (!listing) return null
  if (listing.code)
    return (
      <span className="text-sm text-warn-ink" title={failureWords(listing.code).sentence}>
        Did not answer <RelativeTime at={listing.askedAt} />
        {listing.listedAt ? (
          <>
            ; listed <RelativeTime at={listing.listedAt} />
          </>
        ) : null}
      </span>
    )
  return (
    <span className="text-sm text-ink-quiet">
      Asked <RelativeTime at={listing.askedAt} />
    </span>
  )
}
