import { Check, Minus } from 'lucide-react'
import { abilitiesOf } from '#core/harnesses/abilities.ts'
import { findHarness } from '#core/harnesses/registry.ts'
import type { ChatView } from '#core/chat/view.ts'

/** What an agent can and, above all, cannot do: read here, not found out by trying. `can` is its own word, once it runs. */
export function AbilityList({ harness: id, can }: { harness: string; can: ChatView['can'] }) {
  const harness = findHarness(id)
  if (!harness) return null
  return (
    <ul className="flex flex-col gap-1.5 pt-0.5">
      {abilitiesOf(harness, can).map(({ about, words, isMissing }) => (
        <li key={`${about} ${words}`} className="flex gap-2">
          {isMissing ? (
            <Minus aria-label="Limited" className="mt-0.5 size-3.5 shrink-0 text-ink-quiet" />
          ) : (
            <Check aria-label="Yes" className="mt-0.5 size-3.5 shrink-0 text-good-ink" />
          )}
          <span className="min-w-0">
            <span className="text-ink-quiet">{about}:</span> {words}
          </span>
        </li>
      ))}
    </ul>
  )
}
