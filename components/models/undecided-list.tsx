'use client'

import { Sparkles } from 'lucide-react'
import type { CatalogProvider } from '#components/models/models.model.ts'
import { useRules } from '#components/models/use-rules.ts'
import { Button } from '#components/ui/button.tsx'
import { formatCount } from '#components/ui/numbers.ts'

/** What a provider serves that the catalog does not know: nobody uses it until an admin says so. */
export function UndecidedList({
  provider,
  models,
  mayRule,
}: {
  provider: CatalogProvider
  models: CatalogProvider['undecided']
  mayRule: boolean
}) {
  const rules = useRules(provider)
  return (
    <details className="group rounded-lg border border-line bg-raised" open={models.length <= 8}>
      <summary className="touch-target flex cursor-pointer items-center gap-2 rounded-lg px-4 py-3">
        <Sparkles aria-hidden className="size-4 shrink-0 text-accent-ink" />
        <span className="font-medium">
          Seen at {provider.name}: {formatCount(models.length)} more {models.length === 1 ? 'model' : 'models'}
        </span>
        <span className="ml-auto text-sm text-accent-ink group-open:hidden">Show</span>
      </summary>
      <p className="px-4 pb-2 text-sm text-ink-soft">
        {mayRule ? 'Not offered until you allow them. They have no price until you set one.' : 'Not offered until an admin allows them.'}
      </p>
      <ul className="thin-scroll max-h-80 divide-y divide-line overflow-y-auto border-t border-line">
        {models.map((model) => (
          <li key={model.id} className="flex items-center gap-3 px-4 py-2">
            <span className="min-w-0 flex-1">
              {model.name && model.name !== model.id ? <span className="block">{model.name}</span> : null}
              <span className="block font-mono text-sm break-all text-ink-soft">{model.id}</span>
            </span>
            {mayRule ? (
              <Button
                size="sm"
                aria-label={`Allow ${model.name ?? model.id}`}
                onClick={() => rules.allow(model, { isAllowed: true, before: null })}
              >
                Allow
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
    </details>
  )
}
