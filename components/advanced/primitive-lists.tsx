'use client'

import { Cable, KeyRound, Plus, SlidersHorizontal } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Acting } from '#components/advanced/acting.ts'
import { AttachmentCard, ConfigurationCard, CredentialCard } from '#components/advanced/primitive-card.tsx'
import type { Selected } from '#components/advanced/primitive-path.ts'
import type { Primitives } from '#components/advanced/primitives.model.ts'
import { Button } from '#components/ui/button.tsx'

/** The three lists side by side, in the order in which each uses the one before; one below the other on a phone. */
export function PrimitiveLists({
  shown,
  all,
  selected,
  onAct,
}: {
  shown: Primitives
  all: Primitives
  selected: Selected | null
  onAct: (acting: Acting) => void
}) {
  const is = (noun: Selected['noun'], id: string) => selected?.noun === noun && selected.id === id
  const only = <T,>(list: readonly T[]) => (selected && list.length === 1 ? list[0] : undefined)
  return (
    <div className="grid gap-x-4 gap-y-8 lg:grid-cols-3">
      <List
        title="Credentials"
        note="A secret with a name"
        icon={<KeyRound aria-hidden />}
        count={shown.credentials.length}
        empty="No credential is yours to see. Connect an agent, or make one here."
        action={selected ? null : <NewButton label="New credential" onClick={() => onAct({ is: 'new-credential' })} />}
      >
        {shown.credentials.map((each) => (
          <CredentialCard key={each.credentialId} each={each} all={all} isSelected={is('credentials', each.credentialId)} />
        ))}
      </List>
      <List
        title="Configurations"
        note="An agent on a credential"
        icon={<SlidersHorizontal aria-hidden />}
        count={shown.configurations.length}
        empty={all.credentials.length === 0 ? 'A configuration needs a credential first.' : 'No agent runs on this yet.'}
        action={
          all.credentials.length > 0 && selected?.noun !== 'configurations' && selected?.noun !== 'attachments' ? (
            <NewButton label="New configuration" onClick={() => onAct({ is: 'new-configuration', credential: only(shown.credentials) })} />
          ) : null
        }
      >
        {shown.configurations.map((each) => (
          <ConfigurationCard key={each.configurationId} each={each} isSelected={is('configurations', each.configurationId)} />
        ))}
      </List>
      <List
        title="Attachments"
        note="For whom it holds"
        icon={<Cable aria-hidden />}
        count={shown.attachments.length}
        empty={all.configurations.length === 0 ? 'An attachment needs a configuration first.' : 'This holds for nobody yet.'}
        action={
          shown.configurations.length > 0 && selected?.noun !== 'attachments' ? (
            <NewButton label="Attach" onClick={() => onAct({ is: 'attach', configuration: only(shown.configurations) })} />
          ) : null
        }
      >
        {shown.attachments.map((each) => (
          <AttachmentCard key={each.attachmentId} each={each} isSelected={is('attachments', each.attachmentId)} />
        ))}
      </List>
    </div>
  )
}

const NewButton = ({ label, onClick }: { label: string; onClick: () => void }) => (
  <Button size="sm" icon={<Plus aria-hidden />} onClick={onClick}>
    {label}
  </Button>
)

type ListProps = { title: string; note: string; icon: ReactNode; count: number; empty: string; action: ReactNode; children: ReactNode }

function List({ title, note, icon, count, empty, action, children }: ListProps) {
  return (
    <section aria-label={title} className="flex min-w-0 flex-col gap-2">
      <header className="flex min-h-11 items-end gap-2">
        <div className="min-w-0 flex-1">
          <h2 className="flex items-center gap-1.5 font-semibold [&_svg]:size-4 [&_svg]:text-ink-quiet">
            {icon}
            {title}
            <span className="text-sm font-normal text-ink-quiet">{count}</span>
          </h2>
          <p className="text-sm text-ink-quiet">{note}</p>
        </div>
        {action}
      </header>
      {count === 0 ? (
        <p className="rounded-lg border border-dashed border-line px-3.5 py-6 text-center text-sm text-ink-soft">{empty}</p>
      ) : (
        <ul className="flex flex-col gap-2">{children}</ul>
      )}
    </section>
  )
}
