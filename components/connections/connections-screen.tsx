'use client'

import { ArrowRight } from 'lucide-react'
import Link from 'next/link'
import { ConnectionList } from '#components/connections/connection-list.tsx'
import { useMay } from '#components/session/use-me.ts'
import { PageBody, PageHeader } from '#components/ui/page-header.tsx'

export function ConnectionsScreen() {
  const may = useMay()
  return (
    <PageBody>
      <PageHeader
        title="Connections"
        lead="Which credential each coding agent runs on. Yours comes before everybody’s; a project can set its own before both."
      />
      <ConnectionList />
      {may.prompt ? (
        <p className="text-sm text-ink-quiet">
          To look closely:{' '}
          <Link
            href="/connections/advanced"
            className="touch-target inline-flex items-center gap-1 text-accent-ink underline decoration-accent/40 underline-offset-4"
          >
            credentials, configurations and attachments one by one <ArrowRight aria-hidden className="size-3.5" />
          </Link>
        </p>
      ) : null}
    </PageBody>
  )
}
