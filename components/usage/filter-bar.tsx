'use client'

import { X } from 'lucide-react'
import { filterable } from '#core/usage/dimensions.ts'
import { without, type UsageAddress } from '#components/usage/address.model.ts'
import { dimensionWords, nameOf, type Names } from '#components/usage/report.model.ts'
import { Button } from '#components/ui/button.tsx'

/** To what the numbers are narrowed; each part can be taken out again. */
export function FilterBar({ address, names, onChange }: { address: UsageAddress; names: Names; onChange: (next: UsageAddress) => void }) {
  const active = filterable.flatMap((each) => {
    const key = address.filter[each]
    return key === undefined ? [] : [{ dimension: each, name: nameOf(each, key, names) }]
  })
  if (active.length === 0) return null
  return (
    <div role="group" aria-label="Narrowed to" className="flex flex-wrap items-center gap-2">
      {active.map(({ dimension, name }) => (
        <button
          key={dimension}
          type="button"
          onClick={() => onChange(without(address, dimension))}
          className="touch-target inline-flex h-8 max-w-full min-w-0 items-center gap-2 rounded-md bg-accent-wash pr-2 pl-3 text-sm text-accent-ink hover:bg-hover"
        >
          <span className="shrink-0">{dimensionWords[dimension]}</span> <span className="truncate font-medium">{name}</span>
          <span className="sr-only">, remove this filter</span>
          <X aria-hidden className="size-3.5 shrink-0" />
        </button>
      ))}
      {active.length > 1 ? (
        <Button variant="quiet" size="sm" onClick={() => onChange({ ...address, filter: {} })}>
          Clear all
        </Button>
      ) : null}
    </div>
  )
}
