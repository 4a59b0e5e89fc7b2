import type { Metadata } from 'next'
import { Hydrated } from '#app/hydrated.tsx'
import { openPage } from '#app/open-page.ts'
import { SearchScreen } from '#components/search/search-screen.tsx'

export const metadata: Metadata = { title: 'Search' }

export default async function SearchPage() {
  const { queryClient } = await openPage('/search')
  return (
    <Hydrated from={queryClient}>
      <SearchScreen />
    </Hydrated>
  )
}
