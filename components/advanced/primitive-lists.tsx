'use client'

import { Cable, KeyRound, Plus, SlidersHorizontal } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Acting } from '#components/advanced/acting.ts'
import { AttachmentCard, ConfigurationCard, CredentialCard } from '#components/advanced/primitive-card.tsx'
import type { Selected } from '#components/advanced/primitive-path.ts'
import type { Configuration, Credential, Primitives } from '#components/advanced/primitives.model.ts'
import { Button } from '#components/ui/button.tsx'
import { classNames } from '#components/ui/class-names.ts'

type ListsProps = { shown: Primitives; selected: Selected | null; onAct: (acting: Acting) => void }

/**
 * The three lists side by side, with a line from each credential to the configurations that use it, and from each of
 * those to where it is attached. On a phone each is set in below the one that it uses.
 */
export function PrimitiveLists({ shown, selected, onAct }: ListsProps) {
  return (
    <div className="flex flex-col gap-4">
      <Heads shown={shown} selected={selected} onAct={onAct} />
      {shown.credentials.length === 0 ? (
        <p className="rounded-lg border border-dashed border-line px-6 py-10 text-center text-ink-soft">
          No credential is yours to see yet. Connect an agent on the page before, or make one here.
        </p>
      ) : (
        <ul aria-label="Credentials" className="flex flex-col gap-5 lg:gap-4">
          {shown.credentials.map((each) => (
            <Family key={each.credentialId} credential={each} shown={shown} selected={selected} />
          ))}
        </ul>
      )}
    </div>
  )
}

function Heads({ shown, selected, onAct }: ListsProps) {
  const only = <T,>(list: readonly T[]) => (selected && list.length === 1 ? list[0] : undefined)
  return (
    <div className="grid gap-x-6 gap-y-2 lg:grid-cols-3">
      <Head
        title="Credentials"
        note="a secret with a name"
        icon={<KeyRound aria-hidden />}
        count={shown.credentials.length}
        action={selected ? null : { label: 'New credential', onClick: () => onAct({ is: 'new-credential' }) }}
      />
      <Head
        title="Configurations"
        note="an agent that uses it"
        icon={<SlidersHorizontal aria-hidden />}
        count={shown.configurations.length}
        action={
          shown.credentials.length > 0 && (!selected || selected.noun === 'credentials')
            ? { label: 'New configuration', onClick: () => onAct({ is: 'new-configuration', credential: only(shown.credentials) }) }
            : null
        }
      />
      <Head
        title="Attachments"
        note="for whom it holds"
        icon={<Cable aria-hidden />}
        count={shown.attachments.length}
        action={
          shown.configurations.length > 0 && selected?.noun !== 'attachments'
            ? { label: 'New attachment', onClick: () => onAct({ is: 'attach', configuration: only(shown.configurations) }) }
            : null
        }
      />
    </div>
  )
}

type HeadProps = { title: string; note: string; icon: ReactNode; count: number; action: { label: string; onClick: () => void } | null }

const Head = ({ title, note, icon, count, action }: HeadProps) => (
  <div className="flex min-h-10 items-end gap-2">
    <div className="min-w-0 flex-1">
      <h2 className="flex items-center gap-1.5 font-semibold [&_svg]:size-4 [&_svg]:text-ink-quiet">
        {icon}
        {title}
        <span className="text-sm font-normal text-ink-quiet">{count}</span>
      </h2>
      <p className="text-sm text-ink-quiet">{note}</p>
    </div>
    {action ? (
      <Button size="sm" icon={<Plus aria-hidden />} aria-label={action.label} onClick={action.onClick}>
        New
      </Button>
    ) : null}
  </div>
)

type Chosen = { shown: Primitives; selected: Selected | null }

const isChosen = (selected: Selected | null, noun: Selected['noun'], id: string) => selected?.noun === noun && selected.id === id

function Family({ credential, shown, selected }: Chosen & { credential: Credential }) {
  const { credentialId: id, name } = credential
  const configurations = shown.configurations.filter((each) => each.credentialId === id)
  return (
    <li className="grid gap-2 lg:grid-cols-3 lg:gap-x-6">
      <CredentialCard each={credential} isSelected={isChosen(selected, 'credentials', id)} />
      <Branches label={`Configurations of ${name}`} nothing="Used by nothing" className="lg:col-span-2">
        {configurations.map((each) => (
          <Branch key={each.configurationId} className="grid gap-2 lg:grid-cols-2 lg:gap-x-6">
            <Bound configuration={each} shown={shown} selected={selected} />
          </Branch>
        ))}
      </Branches>
    </li>
  )
}

function Bound({ configuration, shown, selected }: Chosen & { configuration: Configuration }) {
  const { configurationId: id, harnessName, credentialName } = configuration
  const attachments = shown.attachments.filter((each) => each.configurationId === id)
  return (
    <>
      <ConfigurationCard each={configuration} isSelected={isChosen(selected, 'configurations', id)} />
      <Branches label={`Attachments of ${harnessName} on ${credentialName}`} nothing="Attached to nothing">
        {attachments.map((each) => (
          <Branch key={each.attachmentId}>
            <AttachmentCard each={each} isSelected={isChosen(selected, 'attachments', each.attachmentId)} />
          </Branch>
        ))}
      </Branches>
    </>
  )
}

const setIn = 'max-lg:ml-3 max-lg:border-l max-lg:border-line-strong/60 max-lg:pl-3'

function Branches({ label, nothing, className, children }: { label: string; nothing: string; className?: string; children: ReactNode[] }) {
  if (children.length === 0) return <p className={classNames('py-2 text-sm text-ink-quiet lg:py-4', setIn, className)}>{nothing}</p>
  return (
    <ul aria-label={label} className={classNames('flex min-w-0 flex-col gap-2', setIn, className)}>
      {children}
    </ul>
  )
}

/** Drawn from the card before to this one; where there are more, a line goes on down to the next. */
const line = [
  'lg:before:absolute lg:before:top-7 lg:before:-left-3 lg:before:w-3 lg:before:border-t lg:before:border-line-strong/60',
  'lg:first:before:-left-6 lg:first:before:w-6',
  'lg:not-last:after:absolute lg:not-last:after:top-7 lg:not-last:after:-bottom-9 lg:not-last:after:-left-3 lg:not-last:after:border-l lg:not-last:after:border-line-strong/60',
]

const Branch = ({ className, children }: { className?: string; children: ReactNode }) => (
  <li className={classNames('relative flex min-w-0 flex-col', line, className)}>{children}</li>
)
