'use client'

import { ConnectionList } from '#components/connections/connection-list.tsx'
import { PageBody, PageHeader } from '#components/ui/page-header.tsx'

export function ConnectionsScreen() {
  return (
    <PageBody>
      <PageHeader
        title="Connections"
        lead="Which credential each coding agent runs on. Yours comes before everybody’s; a project can set its own before both."
      />
      <ConnectionList />
    </PageBody>
  )
}
