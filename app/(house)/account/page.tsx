import type { Metadata } from 'next'
import { Hydrated } from '#app/hydrated.tsx'
import { openPage } from '#app/open-page.ts'
import { AccountScreen } from '#components/account/account-screen.tsx'

export const metadata: Metadata = { title: 'Account' }

export default async function AccountPage() {
  const { trpc, queryClient } = await openPage('/account')
  await queryClient.prefetchQuery(trpc.tokens.list.queryOptions())
  return (
    <Hydrated from={queryClient}>
      <AccountScreen />
    </Hydrated>
  )
}
