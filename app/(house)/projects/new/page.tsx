import type { Metadata } from 'next'
import { Hydrated } from '#app/hydrated.tsx'
import { openPage } from '#app/open-page.ts'
import { NewProjectScreen } from '#components/projects/new-project-screen.tsx'

export const metadata: Metadata = { title: 'New project' }

export default async function NewProjectPage() {
  const { queryClient } = await openPage('/projects/new')
  return (
    <Hydrated from={queryClient}>
      <NewProjectScreen />
    </Hydrated>
  )
}
