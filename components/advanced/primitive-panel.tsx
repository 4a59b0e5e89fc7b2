'use client'

import { Cable, KeyRound, Pencil, Plus, Replace, SlidersHorizontal, Trash2, Unplug } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Acting } from '#components/advanced/acting.ts'
import { scopeNouns } from '#components/advanced/primitive-card.tsx'
import type { Selected } from '#components/advanced/primitive-path.ts'
import {
  placeOf,
  settingsWords,
  sortOf,
  type Attachment,
  type Configuration,
  type Credential,
  type Primitives,
} from '#components/advanced/primitives.model.ts'
import { Facts } from '#components/connections/facts.tsx'
import { maskOf } from '#components/connections/lanes.model.ts'
import { dialectNames } from '#components/connections/scope-words.ts'
import { StoredFailure } from '#components/failures/failure-notice.tsx'
import { Button } from '#components/ui/button.tsx'
import { CopyButton } from '#components/ui/copy-button.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { Card } from '#components/ui/section.tsx'

type OnAct = { onAct: (acting: Acting) => void }

/** Everything about the chosen primitive, and what can be done with it. */
export function PrimitivePanel({ shown, selected, onAct }: { shown: Primitives; selected: Selected } & OnAct) {
  switch (selected.noun) {
    case 'credentials':
      return <CredentialPanel credential={shown.credentials[0]!} onAct={onAct} />
    case 'configurations':
      return <ConfigurationPanel configuration={shown.configurations[0]!} onAct={onAct} />
    case 'attachments':
      return <AttachmentPanel attachment={shown.attachments[0]!} onAct={onAct} />
  }
}

function Panel({
  noun,
  icon,
  title,
  actions,
  children,
}: {
  noun: string
  icon: ReactNode
  title: ReactNode
  actions: ReactNode
  children: ReactNode
}) {
  return (
    <Card className="border-accent">
      <section aria-label={`The ${noun.toLowerCase()}`} className="flex flex-col gap-4 px-4 py-4 sm:px-5">
        <header className="flex flex-wrap items-start justify-between gap-x-4 gap-y-3">
          <div className="min-w-0">
            <p className="flex items-center gap-1.5 text-sm text-ink-quiet [&_svg]:size-3.5">
              {icon}
              {noun}
            </p>
            <h2 className="text-lg font-semibold break-words">
              <bdi>{title}</bdi>
            </h2>
          </div>
          <div className="flex flex-wrap gap-2">{actions}</div>
        </header>
        {children}
      </section>
    </Card>
  )
}

/** As it is, character by character: it may hold any. */
const Id = ({ id }: { id: string }) => (
  <span className="flex items-center gap-1">
    <bdi className="min-w-0 font-mono text-xs break-all whitespace-pre-wrap">{id}</bdi>
    <CopyButton text={id} label="Copy the id" />
  </span>
)

const kept = (isKept: boolean) =>
  isKept ? 'Made or named by hand: stays until you delete it here' : 'Came with a connection, and goes with the last one'

function CredentialPanel({ credential, onAct }: { credential: Credential } & OnAct) {
  const { mayChange, code, baseUrl, dialect, models } = credential
  return (
    <Panel
      noun="Credential"
      icon={<KeyRound aria-hidden />}
      title={credential.name}
      actions={
        <>
          {mayChange ? (
            <>
              <Button size="sm" icon={<Replace aria-hidden />} onClick={() => onAct({ is: 'replace', credential })}>
                Replace secret
              </Button>
              <Button size="sm" icon={<Pencil aria-hidden />} onClick={() => onAct({ is: 'rename', credential })}>
                Rename
              </Button>
              <Button
                size="sm"
                variant="danger-quiet"
                icon={<Trash2 aria-hidden />}
                onClick={() => onAct({ is: 'delete-credential', credential })}
              >
                Delete
              </Button>
            </>
          ) : null}
        </>
      }
    >
      {code ? <StoredFailure code={code} facts={{ provider: credential.provider }} /> : null}
      <Facts
        facts={[
          ['Kind', sortOf(credential)],
          [
            'Secret',
            <span key="secret" className="font-mono text-xs">
              {maskOf(credential)}
            </span>,
          ],
          [
            'Fingerprint',
            <span key="fingerprint" className="font-mono text-xs break-all">
              {credential.fingerprint}
            </span>,
          ],
          ['Address', baseUrl && `${baseUrl}${dialect ? ` (${dialectNames[dialect] ?? dialect})` : ''}`],
          ['Models', models.join(', ')],
          ['Belongs to', credential.owner === 'platform' ? 'This whole Gatehouse' : credential.isMine ? 'You' : credential.ownerName],
          ['Made', <RelativeTime key="made" at={credential.createdAt} />],
          ['Replaced', credential.replacedAt && <RelativeTime key="replaced" at={credential.replacedAt} />],
          ['Last used', credential.lastUsedAt ? <RelativeTime key="used" at={credential.lastUsedAt} /> : 'never'],
          ['Lifetime', kept(credential.isKept)],
          ['Id', <Id key="id" id={credential.credentialId} />],
        ]}
      />
    </Panel>
  )
}

function ConfigurationPanel({ configuration, onAct }: { configuration: Configuration } & OnAct) {
  return (
    <Panel
      noun="Configuration"
      icon={<SlidersHorizontal aria-hidden />}
      title={`${configuration.harnessName} on ${configuration.credentialName}`}
      actions={
        <>
          <Button size="sm" icon={<Plus aria-hidden />} onClick={() => onAct({ is: 'attach', configuration })}>
            Attach
          </Button>
          {configuration.mayChange ? (
            <>
              <Button size="sm" icon={<Pencil aria-hidden />} onClick={() => onAct({ is: 'edit-configuration', configuration })}>
                Edit
              </Button>
              <Button
                size="sm"
                variant="danger-quiet"
                icon={<Trash2 aria-hidden />}
                onClick={() => onAct({ is: 'delete-configuration', configuration })}
              >
                Delete
              </Button>
            </>
          ) : null}
        </>
      }
    >
      {configuration.code ? <StoredFailure code={configuration.code} facts={{ harness: configuration.harness }} /> : null}
      <Facts
        facts={[
          ['Settings', settingsWords(configuration) || 'the agent’s own'],
          ['Made', <RelativeTime key="made" at={configuration.createdAt} />],
          ['Lifetime', kept(configuration.isKept)],
          ['Id', <Id key="id" id={configuration.configurationId} />],
        ]}
      />
    </Panel>
  )
}

function AttachmentPanel({ attachment, onAct }: { attachment: Attachment } & OnAct) {
  return (
    <Panel
      noun="Attachment"
      icon={<Cable aria-hidden />}
      title={`${attachment.harnessName} for ${attachment.isOwn ? 'you' : placeOf(attachment)}`}
      actions={
        attachment.mayDetach ? (
          <Button size="sm" variant="danger-quiet" icon={<Unplug aria-hidden />} onClick={() => onAct({ is: 'detach', attachment })}>
            Detach
          </Button>
        ) : null
      }
    >
      {attachment.code ? <StoredFailure code={attachment.code} facts={{ harness: attachment.harness }} /> : null}
      <Facts
        facts={[
          ['Scope', `${scopeNouns[attachment.scope]}${attachment.isProjectArchived ? ', archived' : ''}`],
          [
            'Attached',
            <span key="attached">
              by {attachment.createdByName}, <RelativeTime at={attachment.createdAt} />
            </span>,
          ],
          ['Id', <Id key="id" id={attachment.attachmentId} />],
        ]}
      />
    </Panel>
  )
}
