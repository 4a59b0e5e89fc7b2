import { TriangleAlert } from 'lucide-react'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { primitivePath, type Selected } from '#components/advanced/primitive-path.ts'
import {
  placeOf,
  settingsWords,
  sortOf,
  type Attachment,
  type Configuration,
  type Credential,
} from '#components/advanced/primitives.model.ts'
import { maskOf } from '#components/connections/lanes.model.ts'
import { Badge } from '#components/ui/badge.tsx'
import { classNames } from '#components/ui/class-names.ts'

/** One primitive: what it is, and a line more. What it hangs on is drawn around it (`primitive-lists.tsx`). */
function PrimitiveCard({
  to,
  isSelected,
  title,
  badge,
  children,
}: {
  to: Selected
  isSelected: boolean
  title: ReactNode
  badge?: ReactNode
  children: ReactNode
}) {
  return (
    <Link
      href={primitivePath(to)}
      aria-current={isSelected ? 'true' : undefined}
      scroll={false}
      className={classNames(
        'relative flex w-full min-w-0 flex-col gap-0.5 self-start rounded-lg border bg-raised px-3.5 py-2 transition-colors hover:bg-hover',
        isSelected ? 'border-accent' : 'border-line',
      )}
    >
      <span className="flex items-center gap-2">
        <bdi className="min-w-0 flex-1 truncate text-left font-medium">{title}</bdi>
        {badge}
      </span>
      <span className="truncate text-sm text-ink-soft">{children}</span>
    </Link>
  )
}

const unusable = (
  <Badge tone="bad" icon={<TriangleAlert aria-hidden />}>
    Unusable
  </Badge>
)

type CardProps<P> = { each: P; isSelected: boolean }

export function CredentialCard({ each, isSelected }: CardProps<Credential>) {
  const badge = each.code ? (
    unusable
  ) : each.owner === 'platform' ? (
    <Badge>Platform</Badge>
  ) : each.isMine ? null : (
    <Badge>{each.ownerName}</Badge>
  )
  return (
    <PrimitiveCard to={{ noun: 'credentials', id: each.credentialId }} isSelected={isSelected} title={each.name} badge={badge}>
      {sortOf(each)} <span className="font-mono text-xs">{maskOf(each)}</span>
    </PrimitiveCard>
  )
}

export function ConfigurationCard({ each, isSelected }: CardProps<Configuration>) {
  return (
    <PrimitiveCard
      to={{ noun: 'configurations', id: each.configurationId }}
      isSelected={isSelected}
      title={each.harnessName}
      badge={each.code ? unusable : null}
    >
      {settingsWords(each) || 'Its own settings'}
      <span className="sr-only">
        , on <bdi>{each.credentialName}</bdi>
      </span>
    </PrimitiveCard>
  )
}

export function AttachmentCard({ each, isSelected }: CardProps<Attachment>) {
  const badge = each.isEnabled ? each.code ? unusable : null : <Badge tone="warn">Off</Badge>
  return (
    <PrimitiveCard to={{ noun: 'attachments', id: each.attachmentId }} isSelected={isSelected} title={placeOf(each)} badge={badge}>
      {scopeNouns[each.scope]}
      {each.isProjectArchived ? ', archived' : ''}
      <span className="sr-only">
        , {each.harnessName} on <bdi>{each.credentialName}</bdi>
      </span>
    </PrimitiveCard>
  )
}

export const scopeNouns = { project: 'Project', user: 'Person', platform: 'Platform' } as const
