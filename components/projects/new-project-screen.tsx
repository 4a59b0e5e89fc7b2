'use client'

import { NewProjectForm } from '#components/projects/new-project-form.tsx'
import { useMay } from '#components/session/use-me.ts'
import { Notice } from '#components/ui/notice.tsx'
import { PageBody, PageHeader } from '#components/ui/page-header.tsx'

export function NewProjectScreen() {
  const may = useMay()
  return (
    <PageBody size="sm">
      <PageHeader title="New project" lead="What a team works on. Chats, connections and costs belong to it." />
      {may.prompt ? <NewProjectForm /> : <Notice tone="warn">Viewers cannot make projects. A team admin can change your role.</Notice>}
    </PageBody>
  )
}
