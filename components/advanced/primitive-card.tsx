import { TriangleAlert } from 'lucide-react'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { primitivePath, type Selected } from '#components/advanced/primitive-path.ts'
import {
  harnessesOf,
  placeOf,
  settingsWords,
  type Attachment,
  type Configuration,
  type Credential,
  type Primitives,
} from '#components/advanced/primitives.model.ts'
import { maskOf } from '#components/connections/lanes.model.ts'
import { kindNames } from '#components/connections/scope-words.ts'
import { Badge } from '#components/ui/badge.tsx'
import { classNames } from '#components/ui/class-names.ts'

/** One primitive in its list: what it is, and one line of what it hangs on. */
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
    <li>
      <Link
        href={primitivePath(to)}
        aria-current={isSelected ? 'true' : undefined}
        scroll={false}
        className={classNames(
          'flex flex-col gap-0.5 rounded-lg border bg-raised px-3.5 py-2.5 transition-colors hover:bg-hover',
          isSelected ? 'border-accent' : 'border-line',
        )}
      >
        <span className="flex items-center gap-2">
          <bdi className="min-w-0 flex-1 truncate font-medium">{title}</bdi>
          {badge}
        </span>
        {children}
      </Link>
    </li>
  )
}

const Line = ({ children }: { children: ReactNode }) => <span className="truncate text-sm text-ink-soft">{children}</span>

const unusable = (
  <Badge tone="bad" icon={<TriangleAlert aria-hidden />}>
    Unusable
  </Badge>
)

type CardProps<P> = { each: P; isSelected: boolean }

export function CredentialCard({ each, all, isSelected }: CardProps<Credential> & { all: Primitives }) {
  const uses = harnessesOf(all, each)
  return (
    <PrimitiveCard
      to={{ noun: 'credentials', id: each.credentialId }}
      isSelected={isSelected}
      title={each.name}
      badge={each.code ? unusable : null}
    >
      <Line>
        {kindNames[each.kind]} · {each.providerName} <span className="font-mono text-xs">{maskOf(each)}</span>
      </Line>
      <Line>{uses ? `Used by ${uses}` : 'Used by nothing'}</Line>
    </PrimitiveCard>
  )
}

export function ConfigurationCard({ each, isSelected }: CardProps<Configuration>) {
  const { attachmentCount: count } = each
  return (
    <PrimitiveCard
      to={{ noun: 'configurations', id: each.configurationId }}
      isSelected={isSelected}
      title={each.harnessName}
      badge={each.code ? unusable : null}
    >
      <Line>
        on <bdi>{each.credentialName}</bdi>
        {settingsWords(each) ? `, ${settingsWords(each)}` : ''}
      </Line>
      <Line>{count === 0 ? 'Attached to nothing' : `Attached to ${count === 1 ? 'one place' : `${count} places`}`}</Line>
    </PrimitiveCard>
  )
}

export function AttachmentCard({ each, isSelected }: CardProps<Attachment>) {
  return (
    <PrimitiveCard
      to={{ noun: 'attachments', id: each.attachmentId }}
      isSelected={isSelected}
      title={placeOf(each)}
      badge={each.isEnabled ? each.code ? unusable : null : <Badge tone="warn">Off</Badge>}
    >
      <Line>
        {scopeNouns[each.scope]}
        {each.isProjectArchived ? ', archived' : ''}
      </Line>
      <Line>
        {each.harnessName} on <bdi>{each.credentialName}</bdi>
      </Line>
    </PrimitiveCard>
  )
}

export const scopeNouns = { project: 'Project', user: 'Person', platform: 'Platform' } as const
