import type { Scope } from '#core/connections/connection.ts'
import { type Lane, maskOf } from '#components/connections/lanes.model.ts'
import { scopeWords } from '#components/connections/scope-words.ts'
import { RadioCards } from '#components/ui/radio-cards.tsx'

/** For whom a credential is connected; a lane that holds something says what it gives up. */
export function ScopeChoice({ lanes, value, onChange }: { lanes: readonly Lane[]; value: Scope; onChange: (scope: Scope) => void }) {
  return (
    <div className="flex flex-col gap-1.5">
      <span aria-hidden className="text-sm font-medium">
        Who uses it
      </span>
      <RadioCards<Scope>
        label="Who uses it"
        value={value}
        onChange={onChange}
        choices={lanes.map(({ scope, attachment }) => ({
          value: scope,
          label: scopeWords[scope].name,
          note: attachment ? `Replaces ${attachment.credential.name} ${maskOf(attachment.credential)}.` : scopeWords[scope].reach,
        }))}
      />
    </div>
  )
}
